// Memory traffic: for each id one entry of a table and one slot of 32 bytes, both fetched ahead; rows are copied by kernels of their own, outside
// the lock under which these run.
#include <new>

#include "../coo_to_csc/counting.h"
#include "policies.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Cache {
  Slots slots;
  IdTable table, passed;  // `passed`: ids of a batch that find no slot
};

struct Make : Call {
  int64_t* cache;
  const int64_t* hot;
  int64_t num_slots, policy, num_hot;
};

struct Assign : Call {
  Cache* cache;
  const void* ids;
  int64_t *slots, *missing, *places, *waits, *sizes;
  int64_t count, num_waits, ticket;
};

struct Change : Call {
  Cache* cache;
  const int64_t* slots;
  int64_t count, is_ready;
};

struct Look : Call {
  Cache* cache;
  const void* ids;
  int64_t *missing, *sizes;
  int64_t count;
};

constexpr int64_t kPending = INT64_MIN;
constexpr int64_t kFetched = 16;

template <class I>
class Batch {
 public:
  explicit Batch(const Assign& a) : a_(a), cache_(*a.cache), ids_(static_cast<const I*>(a.ids)) {}

  int run() {
    cache_.passed.clear();
    for (int64_t i = 0; i < a_.count; ++i) {
      fetch(i);
      const int32_t slot = cache_.table.find(ids_[i]);
      a_.slots[i] = kPending;
      if (slot != IdTable::kNone) use(i, slot);
    }
    for (int64_t i = 0; i < a_.count; ++i) {
      if (i + kFetched < a_.count && a_.slots[i + kFetched] == kPending) cache_.table.fetch(ids_[i + kFetched]);
      if (a_.slots[i] == kPending && !miss(i)) return undo(i);
    }
    a_.sizes[0] = missing_, a_.sizes[1] = hits_, a_.sizes[2] = waits_;
    return kOk;
  }

 private:
  const Assign& a_;
  Cache& cache_;
  const I* ids_;
  int64_t missing_ = 0, hits_ = 0, waits_ = 0;

  void fetch(int64_t i) const {
    if (i + kFetched < a_.count) cache_.table.fetch(ids_[i + kFetched]);
    if (i + kFetched / 2 >= a_.count) return;
    const int32_t slot = cache_.table.find(ids_[i + kFetched / 2]);
    if (slot != IdTable::kNone) __builtin_prefetch(cache_.slots.slots + slot, 1, 3);
  }

  void use(int64_t i, int32_t at) {
    Slot& slot = cache_.slots.slots[at];
    cache_.slots.touch(at);
    cache_.slots.pin(at);
    a_.slots[i] = at;
    if (slot.ticket == kBroken) {
      slot.ticket = a_.ticket;
      report(slot.id, at);
      return;
    }
    ++hits_;
    if (slot.ticket != kReady && slot.ticket != a_.ticket) wait_for(slot.ticket);
  }

  void report(int64_t id, int64_t place) {
    a_.missing[missing_] = id;
    a_.places[missing_++] = place;
  }

  // Python has room for all batches under way.
  void wait_for(int64_t ticket) {
    for (int64_t w = 0; w < waits_; ++w)
      if (a_.waits[w] == ticket) return;
    if (waits_ < a_.num_waits) a_.waits[waits_++] = ticket;
  }

  bool miss(int64_t i) {
    const int64_t id = ids_[i];
    const int32_t known = cache_.table.find(id), passed = cache_.passed.find(id);
    if (known != IdTable::kNone) {
      use(i, known);
      return true;
    }
    if (passed != IdTable::kNone) {
      ++hits_;
      a_.slots[i] = -1 - static_cast<int64_t>(passed);
      return true;
    }
    const int32_t at = cache_.slots.free_slot();
    if (at == kNobody) {
      a_.slots[i] = -1 - missing_;
      if (!cache_.passed.insert(id, static_cast<int32_t>(missing_))) return false;
      report(id, -1);
      return true;
    }
    if (cache_.slots.slots[at].where != kUnused) cache_.table.erase(cache_.slots.slots[at].id);
    cache_.table.insert(id, at);  // there is room for every slot
    cache_.slots.insert(at, id, a_.ticket);
    a_.slots[i] = at;
    report(id, at);
    return true;
  }

  // Without memory for what passes by: nothing is pinned, nothing that was promised is held.
  int undo(int64_t last) {
    for (int64_t i = 0; i < a_.count; ++i)
      if (a_.slots[i] >= 0) cache_.slots.unpin(static_cast<int32_t>(a_.slots[i]));
    for (int64_t k = 0; k < missing_; ++k)
      if (a_.places[k] >= 0) cache_.slots.slots[a_.places[k]].ticket = kBroken;
    return fail(kNoMemory, "no memory for %lld ids that find no slot", static_cast<long long>(last));
  }
};

int make(const Make& a) {
  void* memory = malloc(sizeof(Cache));
  if (!memory) return fail(kNoMemory, "no memory for a cache");
  auto* cache = new (memory) Cache();
  if (!cache->slots.make(a.num_slots, a.policy, a.num_hot) || !cache->table.reserve(a.num_slots)) {
    cache->~Cache();
    free(memory);
    return fail(kNoMemory, "no memory for a cache of %lld rows", static_cast<long long>(a.num_slots));
  }
  for (int64_t i = 0; i < a.num_hot; ++i) {
    cache->slots.slots[i].id = a.hot[i];
    cache->table.insert(a.hot[i], static_cast<int32_t>(i));
  }
  *a.cache = reinterpret_cast<int64_t>(cache);
  return kOk;
}

int check_slots(const Change& a) {
  for (int64_t i = 0; i < a.count; ++i)
    if (a.slots[i] >= a.cache->slots.count)
      return fail(kBadId, "`slots` holds %lld at position %lld, but there are %lld slots", static_cast<long long>(a.slots[i]),
                  static_cast<long long>(i), static_cast<long long>(a.cache->slots.count));
  return kOk;
}

// Under one lock with `check_slots`, but somebody may write to the tensor between them.
template <class Do>
void for_slots(const Change& a, const Do& change) {
  for (int64_t i = 0; i < a.count; ++i) {
    const int64_t at = a.slots[i];
    if (at >= 0 && at < a.cache->slots.count) change(static_cast<int32_t>(at));
  }
}

template <class I>
void look(const Look& a) {
  const I* ids = static_cast<const I*>(a.ids);
  int64_t missing = 0;
  for (int64_t i = 0; i < a.count; ++i) {
    if (i + kFetched < a.count) a.cache->table.fetch(ids[i + kFetched]);
    const int32_t at = a.cache->table.find(ids[i]);
    if (at == IdTable::kNone || a.cache->slots.slots[at].ticket == kBroken) a.missing[missing++] = ids[i];
  }
  a.sizes[0] = missing;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(make_cache, "cache hot num_slots policy num_hot") {
  using namespace weft::WEFT_ISA;
  return make(*static_cast<const Make*>(arguments));
}

WEFT_KERNEL(drop_cache, "cache") {
  using namespace weft::WEFT_ISA;
  struct Dropped : weft::Call {
    Cache* cache;
  };
  Cache* cache = static_cast<const Dropped*>(arguments)->cache;
  cache->~Cache();
  free(cache);
  return weft::kOk;
}

WEFT_KERNEL(assign_slots, "cache ids slots missing places waits sizes count num_waits ticket") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Assign*>(arguments);
  return with_ids(a, [&](auto id) { return Batch<decltype(id)>(a).run(); });
}

WEFT_KERNEL(release_slots, "cache slots count is_ready") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Change*>(arguments);
  if (const int status = check_slots(a)) return status;
  for_slots(a, [&](int32_t at) {
    if (a.cache->slots.slots[at].pins > 0) a.cache->slots.unpin(at);
  });
  return weft::kOk;
}

WEFT_KERNEL(settle_slots, "cache slots count is_ready") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Change*>(arguments);
  if (const int status = check_slots(a)) return status;
  for_slots(a, [&](int32_t at) { a.cache->slots.slots[at].ticket = a.is_ready ? kReady : kBroken; });
  return weft::kOk;
}

WEFT_KERNEL(look_for_slots, "cache ids missing sizes count") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Look*>(arguments);
  return with_ids(a, [&](auto id) {
    look<decltype(id)>(a);
    return weft::kOk;
  });
}
