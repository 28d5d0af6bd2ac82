#pragma once

#include "seqnn/core/config.hpp"

#include <cstdint>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace seqnn::inline SEQNN_ABI {

/// While it lives, this thread flushes denormal results to zero and reads denormals as zero; afterwards the thread has
/// its own setting back. A loss on the last of hundreds of time steps sends denormal gradients back through them, and
/// common x86 processors compute on those a hundred times slower.
class FlushDenormals {
 public:
  FlushDenormals() noexcept : saved_(read()) {
    if (changes()) write(saved_ | kFlush);
  }
  ~FlushDenormals() {
    if (changes()) write(saved_);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE__)
  using Register = unsigned int;
  static constexpr Register kFlush = 0x8040;  // MXCSR: flush to zero, denormals are zero
  static Register read() noexcept { return _mm_getcsr(); }
  static void write(Register value) noexcept { _mm_setcsr(value); }
#elif defined(__aarch64__)
  using Register = std::uint64_t;
  static constexpr Register kFlush = std::uint64_t{1} << 24;  // FPCR: FZ
  static Register read() noexcept {
    Register value = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
  }
  static void write(Register value) noexcept { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }
#else
  using Register = int;
  static constexpr Register kFlush = 0;
  static Register read() noexcept { return 0; }
  static void write(Register) noexcept {}
#endif

  /// Writing waits for all that is under way, a tenth of a small stream's step: only where it is needed.
  bool changes() const noexcept { return (saved_ & kFlush) != kFlush; }

  Register saved_;
};

}  // namespace seqnn::inline SEQNN_ABI
