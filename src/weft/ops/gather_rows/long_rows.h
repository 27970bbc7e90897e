// When rows that lie anywhere are not fetched ahead: copying a long one keeps the memory busy by itself, and what is fetched for later ones only
// takes places in the caches' queues. Measured on one thread, rows of 800, 1,024 and 1,204 bytes in 2.4 GB: 3.5, 3.8 and 3.7 GB/s with fetching, 4.2,
// 4.4 and 4.6 without; of 602 bytes 4.5 and 4.0; from 2,408 bytes on the same.
#pragma once
#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kLongRow = 704;  // bytes

}  // namespace WEFT_ISA
}  // namespace weft
