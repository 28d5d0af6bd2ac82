#include <seqnn/walkforward/open_result_store.hpp>

#include <iostream>
#include <vector>

int main() {
  const auto store = seqnn::open_result_store("sqlite://");
  store->write("model", std::vector<seqnn::Forecast>{{86'400, "", 1, {{"long_prob", 0.25}}}});
  std::cout << "stored " << store->forecasts("model")[0].details[0].value << '\n';
}
