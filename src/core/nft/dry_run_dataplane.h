#pragma once

#include <functional>

#include "core/nft/dataplane.h"

namespace hitless::nft {

/// Reads from a real data plane and gives what it would change to a callback, as nft commands;
/// changes nothing.
class DryRunDataplane : public Dataplane {
 public:
  using Show = std::function<void(const std::string& commands)>;
  DryRunDataplane(Dataplane& real, Show show) : real_(real), show_(std::move(show)) {}

  Result<Receipt> apply(const Transaction& transaction) override;
  Result<Ruleset> read() override { return real_.read(); }
  Result<Elements> readElements(const std::string& set) override { return real_.readElements(set); }

 private:
  Dataplane& real_;
  Show show_;
};

}  // namespace hitless::nft
