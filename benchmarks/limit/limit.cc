// What the memory of a machine allows, without a library: the rows of `x` are read in the order of a compressed graph and added up,
// as they are and multiplied by a weight for each edge, which is read by the edge's id.
//   limit INDPTR SOURCE EDGE WIDTH THREADS SECONDS
// The files hold int64 pointers and int32 ids. For 4 KiB and for huge pages, several block sizes and all distances of prefetching it
// times both sums, and beside them copies, and reads rows at random. One line of JSON for each.
#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <vector>

namespace {

typedef float Vector __attribute__((vector_size(64), aligned(4)));
// The second cache level takes more misses at a time than the first, so rows are fetched into it farther ahead.
constexpr int64_t kFarther = 8;
constexpr int64_t kLanes = 16, kHugePage = int64_t{2} << 20;

// Memory on pages of one kind, touched once so that its first use costs nothing later.
class Pages {
 public:
  Pages(int64_t values, bool huge) : bytes_((values * 4 + kHugePage) / kHugePage * kHugePage + kHugePage) {
    base_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED) perror("mmap"), exit(1);
    madvise(base_, bytes_, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    memset(base_, 0, bytes_);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { munmap(base_, bytes_); }
  float* data() const { return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(base_) + kHugePage - 1) / kHugePage * kHugePage); }

 private:
  int64_t bytes_;
  void* base_;
};

template <class T>
std::vector<T> read(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fprintf(stderr, "limit: cannot read %s\n", path), exit(1);
  std::vector<T> values(static_cast<size_t>(file.tellg()) / sizeof(T));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), values.size() * sizeof(T));
  return values;
}

struct Graph {
  std::vector<int64_t> indptr;
  std::vector<int32_t> source, edge;
  int64_t count() const { return indptr.size() - 1; }
  int64_t edges() const { return source.size(); }
};

double seconds(const std::function<void()>& body) {
  const auto begun = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

// Rows of a block of rows, `vectors` columns of vectors from `column` on, with accumulators in registers.
template <int V>
void sum_rows(const Graph& graph, const float* x, const float* weight, float* out, int64_t width, int64_t column, int64_t first,
              int64_t last, int64_t ahead) {
  const int32_t *source = graph.source.data(), *edge = graph.edge.data();
  const int64_t end = graph.edges() - 1;
  for (int64_t row = first; row < last; ++row) {
    Vector sum[V] = {};
    for (int64_t p = graph.indptr[row]; p < graph.indptr[row + 1]; ++p) {
      if (ahead) {
        const char* later = reinterpret_cast<const char*>(x + source[std::min(p + ahead, end)] * width + column);
        const char* much_later = reinterpret_cast<const char*>(x + source[std::min(p + kFarther * ahead, end)] * width + column);
        for (int line = 0; line < V; ++line) __builtin_prefetch(later + 64 * line, 0, 3), __builtin_prefetch(much_later + 64 * line, 0, 2);
        if (weight) __builtin_prefetch(weight + edge[std::min(p + kFarther * ahead, end)], 0, 3);
      }
      const float factor = weight ? weight[edge[p]] : 1;
      const float* from = x + source[p] * width + column;
      for (int v = 0; v < V; ++v) {
        Vector value;
        memcpy(&value, from + v * kLanes, sizeof value);
        sum[v] += weight ? value * factor : value;
      }
    }
    memcpy(out + row * width + column, sum, sizeof sum);
  }
}

// Widths that are no multiple of a vector read up to the next one: rows stand that far apart.
void sum(const Graph& graph, const float* x, const float* weight, float* out, int64_t width, const std::vector<int64_t>& cuts, int64_t ahead) {
  const int64_t blocks = cuts.size() - 1;
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t block = 0; block < blocks; ++block) {
    int64_t column = 0;
    for (; column + 8 * kLanes <= width; column += 8 * kLanes) sum_rows<8>(graph, x, weight, out, width, column, cuts[block], cuts[block + 1], ahead);
    for (; column + 4 * kLanes <= width; column += 4 * kLanes) sum_rows<4>(graph, x, weight, out, width, column, cuts[block], cuts[block + 1], ahead);
    for (; column + 2 * kLanes <= width; column += 2 * kLanes) sum_rows<2>(graph, x, weight, out, width, column, cuts[block], cuts[block + 1], ahead);
    for (; column + 1 * kLanes <= width; column += 1 * kLanes) sum_rows<1>(graph, x, weight, out, width, column, cuts[block], cuts[block + 1], ahead);
  }
}

// Blocks of rows with about `edges` edges and rows together.
std::vector<int64_t> cut(const Graph& graph, int64_t edges) {
  std::vector<int64_t> cuts{0};
  for (int64_t row = 0, begin = 0; row < graph.count(); ++row)
    if (graph.indptr[row + 1] - graph.indptr[begin] + row - begin >= edges) cuts.push_back(begin = row + 1);
  if (cuts.back() != graph.count()) cuts.push_back(graph.count());
  return cuts;
}

double best_of(double budget, const std::function<void()>& body) {
  double best = 1e9, spent = 0;
  for (int round = 0; round < 3 || (spent < budget && round < 50); ++round) {
    const double taken = seconds(body);
    best = std::min(best, taken), spent += taken;
  }
  return best;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return fprintf(stderr, "usage: limit INDPTR SOURCE EDGE WIDTH THREADS SECONDS\n"), 2;
  const Graph graph{read<int64_t>(arguments[1]), read<int32_t>(arguments[2]), read<int32_t>(arguments[3])};
  const int64_t asked = atoll(arguments[4]), width = (asked + kLanes - 1) / kLanes * kLanes;
  const double budget = atof(arguments[6]);
  omp_set_num_threads(atoi(arguments[5]));
  int64_t sources = 0;
  for (const int32_t id : graph.source) sources = std::max<int64_t>(sources, id + 1);
  for (const bool huge : {false, true}) {
    const Pages x(sources * width, huge), out(graph.count() * width, huge), weights(graph.edges(), huge);
    for (int64_t k = 0; k < sources * width; ++k) x.data()[k] = static_cast<float>(k % 1000);
    for (int64_t k = 0; k < graph.edges(); ++k) weights.data()[k] = static_cast<float>(k % 1000);
    const char* pages = huge ? "huge" : "4 KiB";
    for (const int64_t block : {1024, 8192, 65536}) {
      const auto cuts = cut(graph, block);
      for (const int64_t ahead : {0, 1, 2, 4, 6, 8, 12, 16, 24, 32})
        for (const float* weight : {static_cast<const float*>(nullptr), static_cast<const float*>(weights.data())})
          printf("{\"what\": \"%s\", \"pages\": \"%s\", \"block\": %ld, \"ahead\": %ld, \"seconds\": %.6f}\n",
                 weight ? "weighted sum" : "sum", pages, block, ahead,
                 best_of(budget, [&] { sum(graph, x.data(), weight, out.data(), width, cuts, ahead); }));
    }
    const int64_t values = int64_t{32} << 20;
    const Pages from(values, huge), to(values, huge);
    const double copied = best_of(budget, [&] {
#pragma omp parallel for
      for (int64_t block = 0; block < values >> 14; ++block) memcpy(to.data() + (block << 14), from.data() + (block << 14), 4 << 14);
    });
    printf("{\"what\": \"copy\", \"pages\": \"%s\", \"seconds\": %.6f, \"bytes\": %ld}\n", pages, copied, 8 * values);
    const int64_t rows = values / width, reads = 2000000;
    std::vector<int32_t> order(reads);
    uint64_t state = 1;
    for (auto& id : order) id = static_cast<int32_t>((state = state * 6364136223846793005u + 1442695040888963407u) >> 33) % rows;
    const Graph flat{{0}, std::move(order)};
    float kept = 0;
    double random = 1e9;
    for (const int64_t ahead : {4, 8, 16, 32})
      random = std::min(random, best_of(budget, [&] {
        float total = 0;
#pragma omp parallel for reduction(+ : total)
        for (int64_t p = 0; p < reads; ++p) {
          const char* later = reinterpret_cast<const char*>(from.data() + flat.source[std::min(p + ahead, reads - 1)] * width);
          for (int64_t line = 0; line < width; line += kLanes) __builtin_prefetch(later + 4 * line, 0, 3);
          const float* row = from.data() + flat.source[p] * width;
          for (int64_t line = 0; line < width; line += kLanes) total += row[line];
        }
        kept += total;
      }));
    printf("{\"what\": \"random rows\", \"pages\": \"%s\", \"seconds\": %.6f, \"bytes\": %ld, \"kept\": %g}\n", pages, random, reads * width * 4,
           static_cast<double>(kept));
    fflush(stdout);
  }
  return 0;
}
