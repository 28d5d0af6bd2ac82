#include "seqnn/training/progress_bar.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <limits>
#include <sstream>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

double now = 0;
double fake_clock() { return now; }

constexpr Terminal kPlainTerminal{.redraws = true, .colors = false, .columns = 0};

struct Printed {
  explicit Printed(ProgressBarOptions options) : bar(out, with_fake_clock(options)) {}

  /// What was written since the last call.
  std::string text() {
    std::string result = out.str();
    out.str("");
    return result;
  }

  static ProgressBarOptions with_fake_clock(ProgressBarOptions options) {
    now = 1000;
    options.clock = &fake_clock;
    return options;
  }

  std::ostringstream out;
  ProgressBar bar;
};

/// 20 cells of which some are full.
std::string cells(std::size_t full) {
  std::string result;
  for (std::size_t i = 0; i < 20; ++i) result += i < full ? "━" : " ";
  return result;
}

}  // namespace

TEST_CASE("Without a terminal progress is one line an epoch", "[training][progress_bar]") {
  Printed printed({});
  FakeTraining training(10, 4, {});
  printed.bar.on_train_begin(training);
  printed.bar.on_epoch_begin(training, 2);
  for (std::size_t batch = 0; batch < 4; ++batch) {
    now += 0.032;
    printed.bar.on_batch_end(training, batch, {{"loss", 0.5}});
  }
  CHECK(printed.text() == "");
  now += 4.872;  // validation: 5 s in all, and 0.128 s / 4 = 32 ms a step
  printed.bar.on_epoch_end(training, 2, {{"loss", 0.41}, {"binary_accuracy", 0.82}, {"val_loss", 0.4302}});
  printed.bar.on_train_end(training);
  CHECK(printed.text() ==
        "Epoch 3/10 - 5s 32ms/step - fit: 35s left - loss: 0.4100 - binary_accuracy: 0.8200 - val_loss: 0.4302\n");
}

TEST_CASE("On a terminal progress is one line that is redrawn", "[training][progress_bar]") {
  Printed printed({.terminal = kPlainTerminal});
  FakeTraining training(10, 100, {});
  printed.bar.on_epoch_begin(training, 0);
  CHECK(printed.text() == "Epoch 1/10\n");

  now += 0.5;
  printed.bar.on_batch_end(training, 0, {{"loss", 0.7}});
  CHECK(printed.text() ==
        "\r  1/100 " + cells(0) + " 50s 500ms/step - fit: 8:20 left - loss: 0.7000");  // 999 steps of 0.5 s

  now += 29.5;
  printed.bar.on_batch_end(training, 49, {{"loss", 0.6}});  // 50 steps in 30 s; the old line was as long
  CHECK(printed.text() == "\r 50/100 " + cells(10) + " 30s 600ms/step - fit: 9:30 left - loss: 0.6000");

  now += 30;
  printed.bar.on_batch_end(training, 99, {{"loss", 0.5}});
  CHECK(printed.text() ==
        "\r100/100 " + cells(20) + " 0s 600ms/step - fit: 9:00 left - loss: 0.5000 ");  // blanks over the rest

  now += 65;
  printed.bar.on_epoch_end(training, 0, {{"loss", 0.5}, {"val_loss", 0.6}});
  CHECK(printed.text() == "\r100/100 " + cells(20) + " 2:05 600ms/step - loss: 0.5000 - val_loss: 0.6000\n");
}

TEST_CASE("The time left of the fit goes by the epochs so far", "[training][progress_bar]") {
  FakeTraining training(4, 10, {});
  Printed bar({.terminal = kPlainTerminal});
  bar.bar.on_train_begin(training);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {  // of 10 and 20 seconds, with validation
    bar.bar.on_epoch_begin(training, epoch);
    now += 1;
    bar.bar.on_batch_end(training, 9, {});
    now += epoch == 0 ? 9 : 19;
    bar.bar.on_epoch_end(training, epoch, {});
  }
  bar.bar.on_epoch_begin(training, 2);
  now += 1;
  bar.text();
  bar.bar.on_batch_end(training, 1, {});  // 15 s · 1.8 epochs
  CHECK(bar.text() == "\r 2/10 " + cells(4) + " 4s 500ms/step - fit: 27s left");
  bar.bar.on_epoch_end(training, 2, {});
  bar.bar.on_epoch_begin(training, 3);
  now += 1;
  bar.text();
  bar.bar.on_batch_end(training, 1, {});  // the last epoch says what is left
  CHECK(bar.text() == "\r 2/10 " + cells(4) + " 4s 500ms/step");

  Printed line({});
  for (int fit = 0; fit < 2; ++fit) {  // the second forgets the first
    line.bar.on_train_begin(training);
    for (const std::size_t epoch : {2U, 3U}) {
      line.bar.on_epoch_begin(training, epoch);
      now += fit == 0 ? 100 : 2;
      line.bar.on_epoch_end(training, epoch, {});
    }
    CHECK(line.text() == (fit == 0 ? "Epoch 3/4 - 1:40 0us/step - fit: 1:40 left\nEpoch 4/4 - 1:40 0us/step\n"
                                   : "Epoch 3/4 - 2s 0us/step - fit: 2s left\nEpoch 4/4 - 2s 0us/step\n"));
  }
}

TEST_CASE("The bar is redrawn at most ten times a second, and at the last step", "[training][progress_bar]") {
  Printed printed({.terminal = kPlainTerminal});
  FakeTraining training(1, 1001, {});
  printed.bar.on_epoch_begin(training, 0);
  printed.text();
  std::size_t draws = 0;
  for (std::size_t batch = 0; batch < 1001; ++batch) {
    now += 1.0 / 1024;
    printed.bar.on_batch_end(training, batch, {{"loss", 0.5}});
    draws += printed.text().empty() ? 0 : 1;
  }
  // One at the first step, then every 103rd of 1/1024 s (the first past 0.1 s): 1 + 1000 / 103 = 10; and the last.
  CHECK(draws == 11);
}

TEST_CASE("The bar is cut to the terminal while it is redrawn, not at the end", "[training][progress_bar]") {
  const Logs logs{{"loss", 0.5}, {"binary_accuracy", 0.8}};
  // "10/20 " + 20 cells + " 1s 100ms/step" is 40 columns, the loss 15, the accuracy 26: 81 in all
  for (const auto& [columns, expected] :
       std::vector<std::pair<std::size_t, std::string>>{{82, " 1s 100ms/step - loss: 0.5000 - binary_accuracy: 0.8000"},
                                                        {81, " 1s 100ms/step - loss: 0.5000"},
                                                        {56, " 1s 100ms/step - loss: 0.5000"},
                                                        {55, " 1s 100ms/step"},
                                                        {10, " 1s 100ms/step"}}) {
    Printed printed({.terminal = Terminal{.redraws = true, .colors = false, .columns = columns}});
    FakeTraining training(1, 20, {});
    printed.bar.on_epoch_begin(training, 0);
    printed.text();
    now += 1;
    printed.bar.on_batch_end(training, 9, logs);
    CHECK(printed.text() == "\r10/20 " + cells(10) + expected);
    printed.bar.on_epoch_end(training, 0, logs);
    CHECK(printed.text() == "\r10/20 " + cells(10) + " 1s 100ms/step - loss: 0.5000 - binary_accuracy: 0.8000\n");
  }
}

TEST_CASE("A coloured bar shows the same text", "[training][progress_bar]") {
  Printed printed({.terminal = Terminal{.redraws = true, .colors = true, .columns = 0}});
  FakeTraining training(1, 4, {});
  printed.bar.on_epoch_begin(training, 0);
  printed.text();
  now += 1;
  printed.bar.on_batch_end(training, 1, {{"loss", 0.5}});
  CHECK(printed.text() == "\r\x1b[1m2/4 \x1b[0;32m━━━━━━━━━━\x1b[90m━━━━━━━━━━\x1b[0m 1s 500ms/step - loss: 0.5000");
}

TEST_CASE("An epoch of unknown length counts its steps", "[training][progress_bar]") {
  Printed printed({.terminal = kPlainTerminal});
  FakeTraining training(2, 0, {});
  printed.bar.on_epoch_begin(training, 1);
  CHECK(printed.text() == "Epoch 2/2\n");
  now += 4;
  printed.bar.on_batch_end(training, 7, {{"loss", 0.5}});
  CHECK(printed.text() == "\r8/unknown 4s 500ms/step - loss: 0.5000");
  printed.bar.on_epoch_end(training, 1, {{"loss", 0.5}});
  CHECK(printed.text() == "\r8/8 " + cells(20) + " 4s 500ms/step - loss: 0.5000\n");
}

TEST_CASE("Durations are short to read", "[training][progress_bar]") {
  for (const auto& [seconds, expected] :
       std::vector<std::pair<double, std::string>>{{0.0005, "0s 500us/step"},
                                                   {0.25, "0s 250ms/step"},
                                                   {59.4, "59s 59s/step"},
                                                   {59.6, "1:00 60s/step"},
                                                   {3599, "59:59 3599s/step"},
                                                   {3723, "1:02:03 3723s/step"},
                                                   {360'000, "100:00:00 360000s/step"}}) {
    Printed printed({});
    FakeTraining training(1, 1, {});
    printed.bar.on_epoch_begin(training, 0);
    now += seconds;
    printed.bar.on_batch_end(training, 0, {});
    printed.bar.on_epoch_end(training, 0, {});
    CHECK(printed.text() == "Epoch 1/1 - " + expected + "\n");
  }
}

TEST_CASE("The reason why training stopped is the last line", "[training][progress_bar]") {
  FakeTraining training(1, 1, {});
  training.stop("EarlyStopping: val_loss has not improved for 2 epochs");
  Printed printed({});
  printed.bar.on_train_end(training);
  CHECK(printed.text() == "EarlyStopping: val_loss has not improved for 2 epochs\n");
}

TEST_CASE("A note stands on a line of its own", "[training][progress_bar]") {
  FakeTraining training(2, 4, {});
  Printed line({});
  line.bar.on_epoch_begin(training, 0);
  line.bar.on_batch_end(training, 0, {{"loss", 0.5}});
  line.bar.note("back to epoch 1");
  CHECK(line.text() == "back to epoch 1\n");

  Printed bar({.terminal = kPlainTerminal});
  bar.bar.on_epoch_begin(training, 0);
  now += 1;
  bar.bar.on_batch_end(training, 1, {{"loss", 0.5}});
  bar.text();
  bar.bar.note("back to epoch 1");
  CHECK(bar.text() == "\nback to epoch 1\n");
  now += 1;
  bar.bar.on_batch_end(training, 3, {});
  CHECK(bar.text().starts_with("\r4/4 "));
  bar.bar.on_epoch_end(training, 0, {});
  bar.text();
  bar.bar.note("back to epoch 2");
  CHECK(bar.text() == "back to epoch 2\n");

  Printed silent({.verbose = Verbose::silent, .terminal = kPlainTerminal});
  silent.bar.note("back to epoch 1");
  CHECK(silent.text() == "");
}

TEST_CASE("A silent progress bar prints nothing, not even on a terminal", "[training][progress_bar]") {
  Printed printed({.verbose = Verbose::silent, .terminal = kPlainTerminal});
  FakeTraining training(1, 1, {});
  training.stop("enough");
  printed.bar.on_train_begin(training);
  printed.bar.on_epoch_begin(training, 0);
  printed.bar.on_batch_end(training, 0, {{"loss", 0.5}});
  printed.bar.on_epoch_end(training, 0, {{"loss", 0.5}});
  printed.bar.on_train_end(training);
  CHECK(printed.text() == "");
}

TEST_CASE("Lines and bars can be asked for", "[training][progress_bar]") {
  FakeTraining training(1, 1, {});
  Printed line({.verbose = Verbose::line, .terminal = kPlainTerminal});
  line.bar.on_epoch_begin(training, 0);
  line.bar.on_epoch_end(training, 0, {{"loss", 0.5}});
  CHECK(line.text() == "Epoch 1/1 - 0s 0us/step - loss: 0.5000\n");

  Printed bar({.verbose = Verbose::bar});
  bar.bar.on_epoch_begin(training, 0);
  bar.bar.on_batch_end(training, 0, {{"loss", 0.5}});
  bar.bar.on_epoch_end(training, 0, {{"loss", 0.5}});
  const std::string text = bar.text();
  CHECK(text.find('\r') != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("A stream of the user's own is no terminal", "[training][progress_bar]") {
  const std::ostringstream out;
  const Terminal terminal = Terminal::behind(out);
  CHECK_FALSE(terminal.redraws);
  CHECK_FALSE(terminal.colors);
}

TEST_CASE("A step allocates nothing, whatever is printed", "[training][progress_bar]") {
  struct Nowhere : std::streambuf {  // a stream that swallows everything
    int_type overflow(int_type c) override { return traits_type::not_eof(c); }
    std::streamsize xsputn(const char*, std::streamsize n) override { return n; }
  } nowhere;
  std::ostream out(&nowhere);
  FakeTraining training(1, 1000, {});
  const Logs logs{{"loss", 0.5}, {"binary_accuracy", 0.8}, {"another_metric_with_a_long_name", 0.1}};
  for (const Verbose verbose : {Verbose::silent, Verbose::line, Verbose::bar}) {
    ProgressBar bar(out, {.verbose = verbose, .terminal = kPlainTerminal, .clock = &fake_clock});
    bar.on_epoch_begin(training, 0);
    bar.on_batch_end(training, 0, logs);
    const AllocationCount allocations;
    for (std::size_t batch = 1; batch < 1000; ++batch) {
      now += 1;
      bar.on_batch_end(training, batch, logs);
    }
    CHECK(allocations.so_far() == 0);
  }
}
