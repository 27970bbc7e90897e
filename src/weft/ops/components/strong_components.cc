// Strongly connected components in one walk in depth: a node from which no edge leads back above it closes a component, which stands on top
// of the stack. Memory traffic: the edges once, in rows, and for each the turn of a node, 4 bytes, at a random place.
#include "../traversal/walk.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* target;
  int64_t* out;
  int64_t num_nodes, num_edges;
};

template <class I>
int close_components(const Arguments& a) {
  const Walk<I> walk({a.indptr, static_cast<const I*>(a.target), nullptr, a.num_nodes, a.num_nodes, a.num_edges});
  int status = walk.begin();
  if (status != kOk || a.num_nodes == 0) return status;
  Buffer<I> turn(a.num_nodes), least(a.num_nodes), stack(a.num_nodes);
  if (!turn.data || !least.data || !stack.data) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  constexpr I kNew = -1, kClosed = std::is_same<I, int32_t>::value ? static_cast<I>(INT32_MAX) : static_cast<I>(INT64_MAX);
  for (int64_t v = 0; v < a.num_nodes; ++v) turn[v] = kNew;
  int64_t turns = 0, height = 0;
  const auto is_new = [&](int64_t v) { return turn[v] == kNew; };
  const auto lower = [&](int64_t v, I to) { least[v] = to < least[v] ? to : least[v]; };
  const auto enter = [&](int64_t v, int64_t) {
    turn[v] = least[v] = static_cast<I>(turns++);
    stack[height++] = static_cast<I>(v);
  };
  const auto again = [&](int64_t v, int64_t to) { lower(v, turn[to]); };  // the turn of a node in a closed component is above all
  const auto leave = [&](int64_t v, int64_t from) {
    if (from >= 0) lower(from, least[v]);
    if (least[v] != turn[v]) return;
    int64_t at = height, smallest = v;
    do smallest = smaller(smallest, static_cast<int64_t>(stack[--at]));
    while (static_cast<int64_t>(stack[at]) != v);
    for (; height > at; turn[stack[height]] = kClosed) a.out[stack[--height]] = smallest;
  };
  for (int64_t root = 0; root < a.num_nodes && status == kOk; ++root)
    if (is_new(root)) status = walk.from(root, is_new, enter, again, leave);
  return status;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(strong_components, "indptr target out num_nodes num_edges") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return close_components<decltype(id)>(a); });
}
