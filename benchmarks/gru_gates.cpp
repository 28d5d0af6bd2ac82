// Times a GRU and a SimpleRNN layer by the ways to multiply, as lstm_gates does the LSTM, and beside them the LSTM that
// the library would run, so that the cells can be compared within one run.
//
//   gru_gates --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true --benchmark_min_time=0.1
//             --benchmark_out=gru.json --benchmark_out_format=json
//   tools/recurrent_paths gru.json
//
// --benchmark_filter=hoisted is enough for the cells' ratios.

#include "seqnn/layers/gru.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/simple_rnn.hpp"
#include "support/recurrent_gates.hpp"

int main(int argc, char** argv) {
  recurrent_gates::add<seqnn::GRU, seqnn::GRUOptions>("gru", 3, 2);
  recurrent_gates::add<seqnn::SimpleRNN, seqnn::SimpleRNNOptions>("simple_rnn", 1);
  recurrent_gates::add<seqnn::LSTM, seqnn::LSTMOptions>("lstm", 4, 1, true);
  return recurrent_gates::run_all(argc, argv);
}
