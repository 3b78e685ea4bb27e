#pragma once

#include <ctime>

#include "testing/gate_fixture.h"

namespace hitless::bench {

/// Seconds of CPU that the real gate takes from a removal until all nodes have acknowledged it.
inline double gateCost(int nodes) {
  namespace sample = testing::gate;
  testing::FakeClock clock;
  drain::Gate gate("n1", drain::GateOptions{}, clock);
  std::vector<std::string> names;
  for (int i = 1; i <= nodes; ++i) {
    names.push_back(sample::node(fmt::format("n{}", i)));
  }
  gate.applyPods(sample::full({sample::deletedPod()}));
  gate.applyServices(sample::full({sample::kService}));
  gate.applySlices(sample::full({sample::slice(12, {"web-1:T"})}, 12));
  gate.applyNodes(sample::full(std::move(names)));
  gate.setOwnWatermark(12);
  gate.hold("g-web-1");
  const std::clock_t begin = std::clock();
  drain::Gate::Effects effects = gate.step();
  std::size_t asks = effects.asks.size();
  for (int i = 2; i <= nodes; ++i) {
    gate.peerAnswered(fmt::format("n{}", i), 12);
    effects = gate.step();
  }
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  const bool acknowledged =
      asks + 1 == static_cast<std::size_t>(nodes) && effects.inspect.size() == 1;
  return acknowledged ? took : -1;
}

}  // namespace hitless::bench
