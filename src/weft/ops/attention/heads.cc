// Dot products of heads, which all kinds of attention need.
#include "heads.h"

namespace weft {
namespace WEFT_ISA {

template <class T>
void dot_heads(const Read<T>& read, const Acc<T>* const* owns, int64_t width, Acc<T>* to) {
  sum_heads(read, owns, width, [](auto x, const Acc<T>* own, int64_t k, auto sum) {
    constexpr int N = sizeof(x) / sizeof(Acc<T>);
    return fma<Acc<T>, N>(x, load<N>(own + k), sum);
  }, to);
}

template void dot_heads(const Read<float>&, const float* const*, int64_t, float*);
template void dot_heads(const Read<double>&, const double* const*, int64_t, double*);
template void dot_heads(const Read<bf16>&, const float* const*, int64_t, float*);
template void dot_heads(const Read<f16>&, const float* const*, int64_t, float*);

}  // namespace WEFT_ISA
}  // namespace weft
