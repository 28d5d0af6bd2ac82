// What a user's program costs to compile: the whole library, and the IMDB network trained once. tools/compile_time
// measures it; it is not part of the build.
#include "seqnn/seqnn.hpp"

#include <iostream>

int main() {
  using namespace seqnn;
  Tensor<int, 2> x = Tensor<int, 2>::from_shape({256, 500});
  Tensor<float, 2> y = Tensor<float, 2>::from_shape({256, 1});
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<int>(i % 10'000);
  for (std::size_t i = 0; i < y.size(); ++i) y.data()[i] = static_cast<float>(i % 2);

  Sequential<float> model({
      Embedding(10'000, 128),
      Conv1D(32, 7, {.activation = Activation::relu}),
      MaxPool1D(5),
      Conv1D(32, 7, {.activation = Activation::relu}),
      GlobalMaxPool1D(),
      Dense(1),
  });
  model.compile(RMSprop({.learning_rate = 1e-4}), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
  std::cout << model.summary();
  const History history = model.fit(x, y, {.epochs = 1, .batch_size = 128, .validation_split = 0.2, .seed = 42});
  const xt::xtensor<float, 2> p = model.predict(x);
  std::cout << history["loss"].back() << ' ' << p(0, 0) << '\n';
}
