// Memory traffic: what the file system copies out of its page cache, once a row, into the result. Each task tries its rows first without
// waiting, asks the system to bring those that are not in memory, all of them at once, and only then waits for one after the other:
// so one thread keeps as many reads under way as the device takes.
#include <cerrno>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  int64_t file;
  const void* ids;
  char* out;
  int64_t* failure;  // the position where reading failed, and errno, 0 for the end of the file
  int64_t offset, num_rows, count, row_bytes;
};

constexpr int64_t kRows = 1024;  // of a task: hints under way at a time
constexpr int64_t kPage = 4096;

void hint(const Arguments& a, int64_t begin, int64_t bytes) {
#if defined(POSIX_FADV_WILLNEED)
  posix_fadvise(static_cast<int>(a.file), a.offset + begin, bytes, POSIX_FADV_WILLNEED);
#else
  (void)a, (void)begin, (void)bytes;
#endif
}

// Reads what is in memory already; 0 if that is nothing, or unknown.
int64_t read_at_once(const Arguments& a, char* out, int64_t begin, int64_t bytes) {
#if defined(RWF_NOWAIT)
  iovec place{out, static_cast<size_t>(bytes)};
  const ssize_t got = preadv2(static_cast<int>(a.file), &place, 1, a.offset + begin, RWF_NOWAIT);
  return got > 0 ? got : 0;
#else
  (void)a, (void)out, (void)begin, (void)bytes;
  return 0;
#endif
}

// 0, an errno, or -1 for the end of the file.
int read_whole(const Arguments& a, char* out, int64_t begin, int64_t bytes) {
  while (bytes > 0) {
    const ssize_t got = pread(static_cast<int>(a.file), out, bytes, a.offset + begin);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : -1;
    out += got, begin += got, bytes -= got;
  }
  return 0;
}

// Rows that follow each other in the file and in the list are one piece.
template <class I>
class Pieces {
 public:
  Pieces(const Arguments& a, int64_t lo, int64_t hi) : ids_(static_cast<const I*>(a.ids)), rows_(a.num_rows), next_(lo), end_(hi) {}

  // False at the end, or at an id that does not fit, which `wrong` then names.
  bool next() {
    at = next_;
    if (at == end_) return false;
    first = id(at);
    if (first >= rows_) {
      wrong = at;
      return false;
    }
    for (uint64_t follows = first + 1; ++next_ < end_ && follows < rows_ && id(next_) == follows;) ++follows;
    count = next_ - at;
    return true;
  }

  int64_t at = 0, count = 0, wrong = -1;
  uint64_t first = 0;

 private:
  const I* ids_;
  uint64_t rows_;
  int64_t next_, end_;

  uint64_t id(int64_t p) const { return static_cast<uint64_t>(static_cast<int64_t>(__atomic_load_n(ids_ + p, __ATOMIC_RELAXED))); }
};

struct Left {
  int64_t at, begin, bytes;
};

struct Outcome {
  Faults wrong, failed;
  int64_t failure = 0;
};

template <class I>
void read_task(const Arguments& a, int64_t lo, int64_t hi, Outcome& outcome) {
  Left left[kRows];
  int64_t num_left = 0;
  Pieces<I> pieces(a, lo, hi);
  while (pieces.next()) {
    const int64_t begin = static_cast<int64_t>(pieces.first) * a.row_bytes, bytes = pieces.count * a.row_bytes;
    const int64_t got = read_at_once(a, a.out + pieces.at * a.row_bytes, begin, bytes);
    if (got == bytes) continue;
    hint(a, begin + got, bytes - got);
    left[num_left++] = {pieces.at * a.row_bytes + got, begin + got, bytes - got};
  }
  if (pieces.wrong >= 0) outcome.wrong.note(pieces.wrong);
  for (int64_t i = 0; i < num_left; ++i) {
    const int failure = read_whole(a, a.out + left[i].at, left[i].begin, left[i].bytes);
    if (!failure) continue;
    outcome.failed.note(left[i].at / a.row_bytes);
    __atomic_store_n(&outcome.failure, failure, __ATOMIC_RELAXED);
    return;
  }
}

template <class I>
int report(const Arguments& a, const Outcome& outcome) {
  if (outcome.wrong.any()) return refuse_id("ids", static_cast<const I*>(a.ids), outcome.wrong.position, a.num_rows, "rows");
  if (outcome.failed.any()) {
    a.failure[0] = outcome.failed.position;
    a.failure[1] = outcome.failure < 0 ? 0 : outcome.failure;
  }
  return kOk;
}

template <class I>
int read_rows(const Arguments& a) {
  Outcome outcome;
  parallel_ranges(a.count, kRows, a.threads, [&](int64_t lo, int64_t hi) { read_task<I>(a, lo, hi, outcome); });
  return report<I>(a, outcome);
}

// Pages that follow each other, as sorted ids bring them, are one hint.
template <class I>
int hint_rows(const Arguments& a) {
  Outcome outcome;
  Pieces<I> pieces(a, 0, a.count);
  int64_t begin = 0, end = 0;
  while (pieces.next()) {
    const int64_t first = static_cast<int64_t>(pieces.first) * a.row_bytes, last = first + pieces.count * a.row_bytes;
    if (first >= begin && first <= end + kPage) {
      end = larger(end, last);
      continue;
    }
    if (end > begin) hint(a, begin, end - begin);
    begin = first, end = last;
  }
  if (end > begin) hint(a, begin, end - begin);
  if (pieces.wrong >= 0) outcome.wrong.note(pieces.wrong);
  return report<I>(a, outcome);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(read_rows, "file ids out failure offset num_rows count row_bytes") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return read_rows<decltype(id)>(a); });
}

WEFT_KERNEL(hint_rows, "file ids out failure offset num_rows count row_bytes") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return hint_rows<decltype(id)>(a); });
}
