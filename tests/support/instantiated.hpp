#pragma once

// The classes that most test files use are compiled once, in instantiated_float.cpp and instantiated_double.cpp, rather
// than in every file: half of the time that the tests take to build. Nothing needs an entry here; what has none is
// compiled where it is used.

#include "seqnn/seqnn.hpp"

#define SEQNN_INSTANTIATE(how, Real)             \
  how template class ActivationLayer<Real>;      \
  how template class BidirectionalLayer<Real>;   \
  how template class Conv1DLayer<Real>;          \
  how template class DenseLayer<Real>;           \
  how template class DropoutLayer<Real>;         \
  how template class EmbeddingLayer<Real>;       \
  how template class GRULayer<Real>;             \
  how template class LSTMLayer<Real>;            \
  how template class MaxPool1DLayer<Real>;       \
  how template class ProjectedLSTMLayer<Real>;   \
  how template class RecurrentLayer<Real>;       \
  how template class SimpleRNNLayer<Real>;       \
  how template class TimeDistributedLayer<Real>; \
  how template class Network<Real>;              \
  how template class Workspace<Real>;            \
  how template class States<Real>;               \
  how template class Samples<Real>;              \
  how template class Shard<Real>;                \
  how template class Trainer<Real>;              \
  how template class Evaluator<Real>;            \
  how template class Fit<Real>;                  \
  how template class Sequential<Real>;           \
  how template class Predictor<Real>;            \
  how template class LayerRun<Real>;             \
  how template class AdamOptimizer<Real>;        \
  how template class RMSpropOptimizer<Real>;     \
  how template class SGDOptimizer<Real>;

namespace seqnn::inline SEQNN_ABI {
SEQNN_INSTANTIATE(extern, float)
SEQNN_INSTANTIATE(extern, double)
}  // namespace seqnn::inline SEQNN_ABI
