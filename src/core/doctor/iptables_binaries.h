#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// evidence_names.h kIptablesBinaries: which iptables there are, and whether they tell the truth.
namespace hitless::doctor {

struct IptablesBinary {
  std::string path;     ///< As its user sees it.
  std::string user;     ///< "this node", "kube-router (pid 4123)".
  std::string version;  ///< "1.8.9"
  std::string backend;  ///< "nf_tables" or "legacy"
  bool operator==(const IptablesBinary&) const = default;
};

/// One binary wrote the canary rules in a network namespace of their own, another was asked.
struct IptablesTruth {
  std::size_t writer = 0;  ///< Index of the binary.
  std::size_t checker = 0;
  /// A character for each canary: '1' -C found it, '0' it did not, '?' it could not be asked.
  std::string found;
  /// The same for each rule that is not there.
  std::string phantoms;
  bool savesAlike = true;  ///< Both binaries' iptables-save print the same.
  bool operator==(const IptablesTruth&) const = default;
};

struct IptablesBinaries {
  std::vector<IptablesBinary> binaries;
  std::vector<IptablesTruth> truths;
  bool operator==(const IptablesBinaries&) const = default;
};

std::string renderIptablesBinaries(const IptablesBinaries& binaries);
/// Truths about binaries that are not there are left out.
Result<IptablesBinaries> parseIptablesBinaries(std::string_view json);

/// Rules as they stand on nodes, each of a kind that some version does not recognise.
std::span<const std::string_view> canaryRules();
/// Rules that differ from canaries in the interface only, and are not there.
std::span<const std::string_view> phantomRules();

}  // namespace hitless::doctor
