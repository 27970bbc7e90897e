// Groups of points by cell. Stretches of a cloud number their own cells in hash tables that fit the cache, then the lists of cells, which
// are short where cells are shared, are numbered again one after the other, so that first occurrences count as if read in order. Memory
// traffic: points are read once or twice, group ids written once or twice.
#include <cmath>

#include "../knn/forest.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void* x;
  const double* size;
  const int64_t* indptr;
  const double *start, *end;
  int64_t *group, *groups;
  int64_t num_points, num_clouds, dims;
};

constexpr int64_t kStretch = 32768;  // points numbered by one task
constexpr int64_t kAhead = 16;       // cells whose slots are on their way

// Numbers cells in the order of their first occurrence; cell g stands at cells + g * dims, which the caller provides.
class Table {
 public:
  Table(double* cells, uint64_t* hashes, int64_t dims, int64_t expected)
      : cells_(cells), hashes_(hashes), dims_(dims), capacity_(room_for(expected)), slots_(capacity_) {
    clear();
  }

  int64_t count = 0;

  bool starved() const { return !slots_.data; }

  // Fetches what `add` of a cell with this hash will read first.
  void fetch(uint64_t hash) const { __builtin_prefetch(slots_.data + (hash & (capacity_ - 1))); }

  // The number of a cell, -1 if memory is short. The cell may stand where a new one will be kept.
  int64_t add(const double* cell, uint64_t hash) {
    if (2 * count >= capacity_ && !grow()) return -1;
    for (uint64_t at = hash;; ++at) {
      uint32_t& slot = slots_[at & (capacity_ - 1)];
      if (slot == kFree) {
        memmove(cells_ + count * dims_, cell, dims_ * sizeof(double));
        hashes_[count] = hash;
        slot = static_cast<uint32_t>(count);
        return count++;
      }
      if (hashes_[slot] == hash && memcmp(cells_ + slot * dims_, cell, dims_ * sizeof(double)) == 0) return slot;
    }
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;
  double* cells_;
  uint64_t* hashes_;
  int64_t dims_, capacity_;
  Buffer<uint32_t> slots_;

  static int64_t room_for(int64_t expected) {
    int64_t capacity = 1024;
    while (capacity < 2 * expected) capacity *= 2;
    return capacity;
  }

  void clear() {
    if (slots_.data) std::fill(slots_.data, slots_.data + capacity_, kFree);
  }

  bool grow() {
    Buffer<uint32_t> wider(4 * capacity_);
    if (!wider.data) return false;
    slots_.swap(wider);
    capacity_ *= 4;
    clear();
    for (int64_t g = 0; g < count; ++g) {
      uint64_t at = hashes_[g];
      while (slots_[at & (capacity_ - 1)] != kFree) ++at;
      slots_[at & (capacity_ - 1)] = static_cast<uint32_t>(g);
    }
    return true;
  }
};

// The call cut into stretches: those of cloud c are first[c] .. first[c + 1].
template <class A>
class Grid {
 public:
  Grid(const Arguments& a, const A* x)
      : a_(a), x_(x), first_(a.num_clouds + 1), stretches_(number(a)), corner_(larger(1, stretches_ * a.dims)), counts_(larger(1, stretches_)),
        cells_(larger(1, a.num_points * a.dims)), hashes_(larger(1, a.num_points)), numbers_(larger(1, a.num_points)) {}

  int run() {
    if (!first_.data || !corner_.data || !counts_.data || !cells_.data || !hashes_.data || !numbers_.data) return no_memory();
    first_[0] = 0;
    for (int64_t c = 0; c < a_.num_clouds; ++c) first_[c + 1] = first_[c] + stretches_of(a_, c);
    const int64_t grain = larger(1, stretches_ * (kStretch / 4) / larger(1, a_.num_points));
    if (!a_.start) {
      parallel_ranges(stretches_, grain, a_.threads, [&](int64_t lo, int64_t hi) {
        for (int64_t s = lo; s < hi; ++s) find_corner(s);
      });
      for (int64_t c = 0; c < a_.num_clouds; ++c) join_corners(c);
    }
    Faults faults;
    parallel_ranges(stretches_, grain, a_.threads, [&](int64_t lo, int64_t hi) {
      for (int64_t s = lo; s < hi; ++s)
        if (!number_stretch(s)) faults.starve();
    });
    if (faults.starved) return no_memory();
    parallel_ranges(a_.num_clouds, larger(1, a_.num_clouds * kStretch / larger(1, a_.num_points)), a_.threads, [&](int64_t lo, int64_t hi) {
      for (int64_t c = lo; c < hi; ++c)
        if (!join_numbers(c)) faults.starve();
    });
    if (faults.starved) return no_memory();
    int64_t total = 0;
    for (int64_t c = 0; c <= a_.num_clouds; ++c) {
      const int64_t here = c < a_.num_clouds ? a_.groups[c] : 0;
      a_.groups[c] = total;
      total += here;
    }
    parallel_ranges(stretches_, grain, a_.threads, [&](int64_t lo, int64_t hi) {
      for (int64_t s = lo; s < hi; ++s) {
        const int64_t c = cloud(s), begin = this->begin(s), first = a_.groups[c];
        const bool joined = first_[c + 1] - first_[c] > 1;
        for (int64_t i = begin; i < end(s); ++i) a_.group[i] = first + (joined ? numbers_[begin + a_.group[i]] : a_.group[i]);
      }
    });
    return kOk;
  }

 private:
  const Arguments& a_;
  const A* x_;
  Buffer<int64_t> first_;
  int64_t stretches_;
  Buffer<double> corner_;
  Buffer<int64_t> counts_;
  Buffer<double> cells_;
  Buffer<uint64_t> hashes_;
  Buffer<uint32_t> numbers_;  // of each stretch's cells within the cloud

  static int64_t stretches_of(const Arguments& a, int64_t c) { return (a.indptr[c + 1] - a.indptr[c] + kStretch - 1) / kStretch; }
  static int64_t number(const Arguments& a) {
    int64_t total = 0;
    for (int64_t c = 0; c < a.num_clouds; ++c) total += stretches_of(a, c);
    return total;
  }
  int no_memory() const { return fail(kNoMemory, "no memory for the cells of %lld points", static_cast<long long>(a_.num_points)); }

  int64_t cloud(int64_t s) const { return cloud_of(first_.data, a_.num_clouds + 1, s); }
  int64_t begin(int64_t s) const {
    const int64_t c = cloud(s);
    return a_.indptr[c] + (s - first_[c]) * kStretch;
  }
  int64_t end(int64_t s) const { return smaller(begin(s) + kStretch, a_.indptr[cloud(s) + 1]); }

  void find_corner(int64_t s) {
    double* corner = corner_.data + s * a_.dims;
    std::fill(corner, corner + a_.dims, __builtin_inf());
    for (int64_t i = begin(s); i < end(s); ++i)
      for (int64_t d = 0; d < a_.dims; ++d) {
        const double value = x_[i * a_.dims + d];
        if (is_finite(value) && value < corner[d]) corner[d] = value;
      }
  }

  // Every stretch gets the lowest coordinates of its cloud.
  void join_corners(int64_t c) {
    for (int64_t d = 0; d < a_.dims; ++d) {
      double low = __builtin_inf();
      for (int64_t s = first_[c]; s < first_[c + 1]; ++s) low = std::min(low, corner_[s * a_.dims + d]);
      for (int64_t s = first_[c]; s < first_[c + 1]; ++s) corner_[s * a_.dims + d] = is_finite(low) ? low : 0;
    }
  }

  bool number_stretch(int64_t s) {
    const int64_t begin = this->begin(s), stop = end(s), dims = a_.dims;
    const double* start = a_.start ? a_.start : corner_.data + s * dims;
    Table table(cells_.data + begin * dims, hashes_.data + begin, dims, 0);
    if (table.starved()) return false;
    for (int64_t i = begin; i < stop; ++i) {
      // The cell is made where it stays if it is new: no earlier cell can stand there.
      double* cell = cells_.data + (begin + table.count) * dims;
      uint64_t hash = 0;
      for (int64_t d = 0; d < dims; ++d) {
        cell[d] = cell_of(x_[i * dims + d], start[d], d);
        hash = (hash ^ bits_of(cell[d])) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
      }
      a_.group[i] = table.add(cell, hash);
      if (a_.group[i] < 0) return false;
    }
    counts_[s] = table.count;
    return true;
  }

  // Equal cells have equal bits: one NaN, one zero.
  double cell_of(double value, double start, int64_t d) const {
    if (a_.end) {
      if (value < start) value = start;
      if (value > a_.end[d]) value = a_.end[d];
    }
    const double cell = std::floor((value - start) / a_.size[d]) + 0.0;
    return cell == cell ? cell : __builtin_nan("");
  }

  // The cells of all stretches of a cloud, numbered in order; lists move down, never past where they are read.
  bool join_numbers(int64_t c) {
    const int64_t stretches = first_[c + 1] - first_[c];
    a_.groups[c] = stretches == 0 ? 0 : counts_[first_[c]];
    if (stretches < 2) return true;
    int64_t listed = 0;
    for (int64_t s = first_[c]; s < first_[c + 1]; ++s) listed += counts_[s];
    Table table(cells_.data + a_.indptr[c] * a_.dims, hashes_.data + a_.indptr[c], a_.dims, listed);
    if (table.starved()) return false;
    for (int64_t s = first_[c]; s < first_[c + 1]; ++s)
      for (int64_t g = begin(s), end = g + counts_[s]; g < end; ++g) {
        if (g + kAhead < end) table.fetch(hashes_[g + kAhead]);
        const int64_t number = table.add(cells_.data + g * a_.dims, hashes_[g]);
        if (number < 0) return false;
        numbers_[g] = static_cast<uint32_t>(number);
      }
    a_.groups[c] = table.count;
    return true;
  }
};

template <class A>
int group_cells(const Arguments& a, const A* x) {
  const int status = check_clouds("indptr", a.indptr, a.num_clouds, a.num_points);
  return status == kOk ? Grid<A>(a, x).run() : status;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(group_cells, "x size indptr start end group groups num_points num_clouds dims") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_coordinates(a, a.x, nullptr, a.num_points * a.dims, 0, [&](const auto* x, const auto*) { return group_cells(a, x); });
}
