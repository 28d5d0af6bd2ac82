#pragma once

/// Version of the library, and the instruction set this translation unit is compiled for.
#define SEQNN_VERSION_MAJOR 0
#define SEQNN_VERSION_MINOR 1
#define SEQNN_VERSION_PATCH 0
#define SEQNN_VERSION "0.1.0"

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#define SEQNN_ISA avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define SEQNN_ISA avx2
#elif defined(__AVX__)
#define SEQNN_ISA avx
#elif defined(__aarch64__) || defined(__ARM_NEON)
#define SEQNN_ISA neon
#elif defined(__SSE4_1__)
#define SEQNN_ISA sse4
#else
#define SEQNN_ISA baseline
#endif

#define SEQNN_CONCAT_(a, b) a##b
#define SEQNN_CONCAT(a, b) SEQNN_CONCAT_(a, b)
#define SEQNN_STRING_(a) #a
#define SEQNN_STRING(a) SEQNN_STRING_(a)

/// Everything lives in `seqnn` and, inline, in a namespace that carries version and instruction set: objects compiled
/// for different instruction sets can be linked into one program without one silently taking the other's kernels.
#define SEQNN_ABI SEQNN_CONCAT(v0_1_, SEQNN_ISA)

#if defined(__GNUC__) || defined(__clang__)
#define SEQNN_INLINE inline __attribute__((always_inline))
/// Marks functions that run rarely (files, pictures, messages): compiled for size and never inlined, which is most of
/// what such code costs a program that includes it.
#define SEQNN_COLD __attribute__((cold, noinline))
#else
#define SEQNN_INLINE inline
#define SEQNN_COLD
#endif

namespace seqnn::inline SEQNN_ABI {

/// "avx512", "avx2", "avx", "sse4", "neon" or "baseline".
inline constexpr const char* instruction_set() { return SEQNN_STRING(SEQNN_ISA); }

/// What makes this build slow, as a sentence with the repair; empty for an optimised build beyond the baseline.
inline constexpr const char* slow_build_warning() {
#if !defined(__OPTIMIZE__)
  return "compiled without optimisation: expect a hundredth of the speed; build with -O2 or CMAKE_BUILD_TYPE=Release";
#elif defined(__x86_64__) && !defined(__AVX2__)
  return "compiled for the x86-64 baseline: expect a quarter of the speed; add -march=native (or -march=x86-64-v3)";
#else
  return "";
#endif
}

}  // namespace seqnn::inline SEQNN_ABI
