// Sums of weights times the slope of leaky_relu(x + own), x the features of an edge: what the score of GATv2 sends back.
#pragma once
#include "../spmm/tiles.h"

namespace weft {
namespace WEFT_ISA {

// The features of the row itself, which meet those of every edge.
template <class T>
struct SlopeSegment : Segment<T> {
  const Acc<T>* own;
  Acc<T> negative_slope;
};

// With two sums the second is of weights times leaky_relu(x + own).
template <class T, int SUMS>
struct Slopes {
  static typename Tile<T>::Run of(const Shape& shape);
};

}  // namespace WEFT_ISA
}  // namespace weft
