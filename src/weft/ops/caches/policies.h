// Which row gives its slot away. A slot that a batch uses is pinned and stays; `loose` counts those of a queue that are not, so that no
// walk is begun that finds nothing, and one walk around a queue serves all evictions of a batch.
#pragma once
#include "table.h"

namespace weft {
namespace WEFT_ISA {

enum Policy : int64_t { kSieve = 0, kS3Fifo = 1, kClock = 2, kLru = 3 };
enum Where : uint8_t { kFirst = 0, kMain = 1, kHot = 2, kUnused = 3 };
constexpr int64_t kReady = -1, kBroken = -2;  // in the place of the ticket of the batch that fills a slot
constexpr int32_t kNobody = -1;
constexpr uint8_t kMostUses = 3;

struct Slot {
  int64_t id, ticket;
  int32_t older, newer, pins;
  uint8_t uses, where;
};

// Slots in the order in which they came, `oldest` first.
struct Queue {
  int32_t oldest = kNobody, newest = kNobody;
  int64_t count = 0, loose = 0;
};

// Ids that left S3-FIFO's first queue lately.
struct Ghosts {
  int64_t* ids = nullptr;
  int64_t room = 0, next = 0;
  IdTable place;
  Ghosts() = default;
  Ghosts(const Ghosts&) = delete;
  Ghosts& operator=(const Ghosts&) = delete;
  ~Ghosts() { free(ids); }

  bool make(int64_t count) {
    room = count;
    ids = static_cast<int64_t*>(malloc(larger(1, count) * sizeof(int64_t)));
    for (int64_t i = 0; ids && i < count; ++i) ids[i] = -1;
    return ids && place.reserve(count);
  }
  void add(int64_t id) {
    if (!room) return;
    if (ids[next] >= 0) place.erase(ids[next]);
    place.insert(id, static_cast<int32_t>(next));
    ids[next] = id;
    next = next + 1 == room ? 0 : next + 1;
  }
  bool take(int64_t id) {
    const int32_t at = place.find(id);
    if (at == IdTable::kNone) return false;
    place.erase(id);
    ids[at] = -1;
    return true;
  }
};

class Slots {
 public:
  Slot* slots = nullptr;
  int64_t count = 0, used = 0, hot = 0;

  Slots() = default;
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;
  ~Slots() { free(slots); }

  bool make(int64_t num_slots, int64_t policy, int64_t num_hot) {
    count = num_slots, policy_ = policy, hot = used = num_hot;
    first_target_ = larger(1, (num_slots - num_hot) / 10);
    slots = static_cast<Slot*>(malloc(larger(1, num_slots) * sizeof(Slot)));
    if (!slots) return false;
    for (int64_t i = 0; i < num_slots; ++i) slots[i] = {-1, kReady, kNobody, kNobody, 0, 0, i < num_hot ? kHot : kUnused};
    return policy != kS3Fifo || ghosts_.make(num_slots - num_hot - smaller(first_target_, num_slots - num_hot));
  }

  void pin(int32_t at) {
    Slot& slot = slots[at];
    if (slot.pins++ == 0 && slot.where < kHot) --queues_[slot.where].loose;
  }

  void unpin(int32_t at) {
    Slot& slot = slots[at];
    if (--slot.pins == 0 && slot.where < kHot) ++queues_[slot.where].loose;
  }

  // A request for what the slot holds.
  void touch(int32_t at) {
    Slot& slot = slots[at];
    if (slot.where >= kHot) return;
    if (policy_ == kLru) renew(at);
    else if (policy_ == kS3Fifo) slot.uses += slot.uses < kMostUses;
    else slot.uses = 1;
  }

  // A slot that may take another id: one never used, else the one that the policy gives up, taken out; kNobody if all are pinned.
  int32_t free_slot() {
    if (used < count) return static_cast<int32_t>(used++);
    switch (policy_) {
      case kSieve: return sieve();
      case kClock: return clock();
      case kS3Fifo: return s3_fifo();
      default: return lru();
    }
  }

  // Puts an id into a free slot, pinned once.
  void insert(int32_t at, int64_t id, int64_t ticket) {
    const Where where = policy_ == kS3Fifo && ghosts_.take(id) ? kMain : kFirst;
    slots[at] = {id, ticket, kNobody, kNobody, 1, 0, where};
    append(at);
  }

 private:
  int64_t policy_ = kSieve, first_target_ = 1;
  int32_t hand_ = kNobody;
  Queue queues_[2];
  Ghosts ghosts_;

  void append(int32_t at) {
    Slot& slot = slots[at];
    Queue& queue = queues_[slot.where];
    slot.older = queue.newest, slot.newer = kNobody;
    if (queue.newest != kNobody) slots[queue.newest].newer = at;
    else queue.oldest = at;
    queue.newest = at;
    ++queue.count;
    queue.loose += slot.pins == 0;
  }

  void remove(int32_t at) {
    Slot& slot = slots[at];
    Queue& queue = queues_[slot.where];
    if (slot.older != kNobody) slots[slot.older].newer = slot.newer;
    else queue.oldest = slot.newer;
    if (slot.newer != kNobody) slots[slot.newer].older = slot.older;
    else queue.newest = slot.older;
    --queue.count;
    queue.loose -= slot.pins == 0;
  }

  void renew(int32_t at) {
    if (queues_[slots[at].where].newest == at) return;
    remove(at);
    append(at);
  }

  int32_t lru() {
    Queue& queue = queues_[kFirst];
    if (!queue.loose) return kNobody;
    while (slots[queue.oldest].pins) renew(queue.oldest);  // what is in use is used now
    const int32_t at = queue.oldest;
    remove(at);
    return at;
  }

  int32_t sieve() {
    Queue& queue = queues_[kFirst];
    if (!queue.loose) return kNobody;
    for (;; hand_ = slots[hand_].newer) {
      if (hand_ == kNobody) hand_ = queue.oldest;
      Slot& slot = slots[hand_];
      if (slot.pins) continue;
      if (!slot.uses) break;
      slot.uses = 0;
    }
    const int32_t at = hand_;
    hand_ = slots[at].newer;
    remove(at);
    return at;
  }

  // The ring is that of the slots behind the hot ones.
  int32_t clock() {
    Queue& queue = queues_[kFirst];
    if (!queue.loose) return kNobody;
    for (;; ++hand_) {
      if (hand_ == kNobody || hand_ == count) hand_ = static_cast<int32_t>(hot);
      Slot& slot = slots[hand_];
      if (slot.pins) continue;
      if (!slot.uses) break;
      slot.uses = 0;
    }
    remove(hand_);
    return hand_++;
  }

  int32_t s3_fifo() {
    Queue &first = queues_[kFirst], &main = queues_[kMain];
    while (first.loose || main.loose) {
      const bool from_first = first.loose && (first.count >= first_target_ || !main.loose);
      const int32_t at = (from_first ? first : main).oldest;
      Slot& slot = slots[at];
      if (slot.pins) {
        renew(at);
      } else if (from_first && slot.uses > 1) {
        remove(at);
        slot.uses = 0, slot.where = kMain;
        append(at);
      } else if (!from_first && slot.uses > 0) {
        --slot.uses;
        renew(at);
      } else {
        remove(at);
        if (from_first) ghosts_.add(slot.id);
        return at;
      }
    }
    return kNobody;
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
