#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/doctor/repairer.h"

namespace hitless::sys {

/// All that can repair something on this machine, in the network namespace of the calling thread.
/// What this process may not touch (the connection table needs CAP_NET_ADMIN) is missing.
class Repairers {
 public:
  Repairers();
  ~Repairers();
  std::span<doctor::Repairer* const> all() const { return all_; }

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::vector<doctor::Repairer*> all_;
};

}  // namespace hitless::sys
