#include "seqnn/data/chunks/csv_chunks.hpp"

#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Indices = std::vector<std::size_t>;

/// Three files of x_0, y, x_1 = i, 10 i, -i.
std::vector<std::string> write(const TemporaryFolder& folder) {
  std::vector<std::string> paths;
  int i = 0;
  for (const int rows : {3, 1, 4}) {
    std::string content = "a,y,b\n";
    for (int r = 0; r < rows; ++r, ++i) content += text(i, ',', 10 * i, ',', -i, '\n');
    paths.push_back(folder.write(text(paths.size(), ".csv"), content));
  }
  return paths;
}

}  // namespace

TEST_CASE("Rows of CSV files are samples, their columns inputs and targets", "[training][chunks]") {
  const TemporaryFolder folder;
  const auto paths = write(folder);
  const CsvChunks<float> data(paths, {.targets = {"y"}});
  CHECK(data.size() == 8);
  CHECK(data.chunks() == 3);
  CHECK(data.x_shape() == Shape{2});
  CHECK(data.y_shape() == Shape{1});
  std::vector<float> x(6), y(3);
  data.gather(Indices{7, 0, 3}, x, y);
  CHECK(x == std::vector<float>{7, -7, 0, 0, 3, -3});
  CHECK(y == std::vector<float>{70, 0, 30});

  const CsvChunks<double, std::int32_t> others(
      paths, {.targets = {"b", "a"}, .csv = {.columns = {"b", "y", "a"}}, .ahead = 2});
  CHECK(others.memory_chunks() == 3);
  std::vector<double> wide(1);
  std::vector<std::int32_t> classes(2);
  others.gather(Indices{5}, wide, classes);
  CHECK(wide == std::vector<double>{50});
  CHECK(classes == std::vector<std::int32_t>{-5, 5});

  const CsvChunks<float> steps(paths, {.targets = {"y"}, .x_shape = {2, 1}});
  CHECK(steps.x_shape() == Shape{2, 1});
}

TEST_CASE("CSV files train like the arrays in them", "[training][chunks][threads]") {
  const TemporaryFolder folder;
  auto x = Tensor<float, 2>::from_shape({30, 3});
  auto y = Tensor<int, 1>::from_shape({30});
  std::vector<std::string> paths;
  RandomStream random({.seed = 6});
  for (std::size_t file = 0; file < 3; ++file) {
    std::string content = "p;q;r;class\n";
    for (std::size_t i = 10 * file; i < 10 * file + 10; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        x(i, c) = static_cast<float>(random.below(1000)) / 64;  // exact in few digits
        content += text(double{x(i, c)}, ';');
      }
      y(i) = static_cast<int>(random.below(2));
      content += text(y(i), '\n');
    }
    paths.push_back(folder.write(text(file, ".csv"), content));
  }
  const auto trained = [](auto&&... source) {
    Sequential<float> model({Dense(2)});
    model.compile(Adam(), SparseCategoricalCrossentropy({.from_logits = true}));
    const History history = model.fit(
        source..., {.epochs = 2, .batch_size = 8, .shuffle = false, .verbose = Verbose::silent, .threads = 2});
    return std::pair(all_weights(model), history["loss"]);
  };
  const CsvChunks<float, std::int32_t> chunks(paths, {.targets = {"class"}});
  CHECK(trained(chunks) == trained(x, y));
}

TEST_CASE("CSV chunks say what is wrong with files and options", "[training][chunks]") {
  const TemporaryFolder folder;
  const auto paths = write(folder);
  using Chunks = CsvChunks<float>;
  CHECK_THROWS_MATCHES(Chunks(paths), OptionError,
                       Message("CsvChunks: targets must name at least one column, got none"));
  CHECK_THROWS_MATCHES(Chunks({}, {.targets = {"y"}}), DataError,
                       Message("ChunkedDataset: must have at least one file, got none"));
  CHECK_THROWS_AS(Chunks(paths, {.targets = {"z"}}), DataError);
  CHECK_THROWS_MATCHES(
      Chunks(paths, {.targets = {"y"}, .x_shape = {3, 1}}), ShapeError,
      Message("CsvChunks: x_shape must hold the 2 columns of " + paths[0] + " that are no targets, got (3, 1)"));
  CHECK_THROWS_MATCHES(
      Chunks(paths, {.targets = {"y", "a", "b"}}), ShapeError,
      Message("CsvChunks: x_shape must hold the 0 columns of " + paths[0] + " that are no targets, got (0,)"));
  const std::string other = folder.write("other.csv", "a,y,c\n1,2,3\n");
  CHECK_THROWS_MATCHES(
      Chunks({paths[0], other}, {.targets = {"y"}}), DataError,
      Message(other + ": columns must be those of " + paths[0] + ", \"a\", \"y\", \"b\", got \"a\", \"y\", \"c\""));
  const std::string wrong = folder.write("wrong.csv", "a,y,b\n1,2,3\n4,five,6\n");
  CHECK_THROWS_AS(Chunks({paths[0], wrong}, {.targets = {"y"}}), FileError);

  const std::string half = folder.write("half.csv", "a,y\n1,2\n3,4.5\n");
  const CsvChunks<float, std::int32_t> classes({half}, {.targets = {"y"}});
  std::vector<float> x(1);
  std::vector<std::int32_t> y(1);
  CHECK_THROWS_MATCHES(classes.gather(Indices{0}, x, y), FileError,
                       Message(half + ": column \"y\" must hold 32-bit integers, got 4.5 in row 1 counted from 0; "
                                      "token ids and class indices are integers"));
}

TEST_CASE("A CSV file that changes is an error of the training", "[training][chunks]") {
  const TemporaryFolder folder;
  auto paths = write(folder);
  const CsvChunks<float> data(paths, {.targets = {"y"}});
  folder.write("1.csv", "a,y,b\n1,2,3\n4,5,6\n");
  Sequential<float> model({Dense(1)});
  model.compile(SGD({.learning_rate = 1e-6}), MeanSquaredError());
  CHECK_THROWS_WITH(model.fit(data, {.verbose = Verbose::silent}),
                    paths[1] +
                        ": must have 1 rows of 3 columns as when the data set was made, got 2 of 3; do not write "
                        "files that are being read");
}
