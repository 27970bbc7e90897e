// What the memory of a machine allows for rows at random places of a large table, without a library.
//   random_rows TABLE_BYTES OUT_BYTES MOST_ROWS THREADS SECONDS ROW_BYTES...
// For 4 KiB and for huge pages, every size of rows, and all distances of prefetching, it reads every cache line of the rows and adds one byte
// of each up, and copies the rows one behind the other. One line of JSON for each size, with its best distance.
#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

namespace {

constexpr int64_t kLine = 64, kBlock = 512;

// Memory on pages of one kind, written once so that its first use costs nothing later.
class Pages {
 public:
  Pages(int64_t bytes, bool huge) : bytes_((bytes + 4096 + (2 << 20)) >> 21 << 21) {
    data_ = static_cast<char*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (data_ == MAP_FAILED) perror("mmap"), exit(1);
    madvise(data_, bytes_, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    memset(data_, 1, bytes_);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { munmap(data_, bytes_); }
  char* data() const { return data_; }

 private:
  int64_t bytes_;
  char* data_;
};

double best_of(double budget, const std::function<void()>& body) {
  double best = 1e9, spent = 0;
  for (int round = 0; round < 3 || (spent < budget && round < 50); ++round) {
    const auto begun = std::chrono::steady_clock::now();
    body();
    const double taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    best = std::min(best, taken), spent += taken;
  }
  return best;
}

struct Best {
  double seconds = 1e9;
  int64_t ahead = 0;
  uint64_t kept = 0;
};

Best measure(const Pages& table, const Pages& out, const std::vector<int64_t>& ids, int64_t row_bytes, bool copies, double budget) {
  const int64_t rows = ids.size();
  Best best;
  for (const int64_t ahead_bytes : {0, 1024, 4096, 16384, 65536}) {
    const int64_t ahead = ahead_bytes ? std::max<int64_t>(1, std::min<int64_t>(128, ahead_bytes / row_bytes)) : 0;
    const double taken = best_of(budget, [&] {
      uint64_t sum = 0;
#pragma omp parallel for schedule(dynamic, 1) reduction(+ : sum)
      for (int64_t block = 0; block < (rows + kBlock - 1) / kBlock; ++block) {
        const int64_t end = std::min(rows, (block + 1) * kBlock);
        for (int64_t r = block * kBlock; r < end; ++r) {
          if (ahead) {
            const char* later = table.data() + ids[std::min(r + ahead, rows - 1)] * row_bytes;
            for (int64_t at = 0; at < row_bytes; at += kLine) __builtin_prefetch(later + at, 0, 3);
          }
          const char* row = table.data() + ids[r] * row_bytes;
          if (copies) memcpy(out.data() + r * row_bytes, row, row_bytes);
          else
            for (int64_t at = 0; at < row_bytes; at += kLine) sum += static_cast<unsigned char>(row[at]);
        }
      }
      best.kept += sum;
    });
    if (taken < best.seconds) best.seconds = taken, best.ahead = ahead;
  }
  return best;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 7) return fprintf(stderr, "usage: random_rows TABLE_BYTES OUT_BYTES MOST_ROWS THREADS SECONDS ROW_BYTES...\n"), 2;
  const int64_t table_bytes = atoll(arguments[1]), out_bytes = atoll(arguments[2]), most_rows = atoll(arguments[3]);
  omp_set_num_threads(atoi(arguments[4]));
  for (const bool huge : {false, true}) {
    const Pages table(table_bytes, huge), out(out_bytes, huge);
    for (int argument = 6; argument < count; ++argument) {
      const int64_t row_bytes = atoll(arguments[argument]);
      std::vector<int64_t> ids(std::min(most_rows, out_bytes / row_bytes));
      uint64_t state = 1;
      for (auto& id : ids)
        id = static_cast<int64_t>(((state = state * 6364136223846793005u + 1442695040888963407u) >> 20) % (table_bytes / row_bytes));
      for (const bool copies : {false, true}) {
        const Best best = measure(table, out, ids, row_bytes, copies, atof(arguments[5]));
        printf("{\"row_bytes\": %ld, \"what\": \"%s\", \"pages\": \"%s\", \"ahead\": %ld, \"seconds\": %.6f, \"bytes\": %ld, \"kept\": %llu}\n",
               row_bytes, copies ? "copy" : "read", huge ? "huge" : "4 KiB", best.ahead, best.seconds,
               static_cast<int64_t>(ids.size()) * row_bytes, static_cast<unsigned long long>(best.kept));
        fflush(stdout);
      }
    }
  }
  return 0;
}
