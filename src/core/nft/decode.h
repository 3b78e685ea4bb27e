#pragma once

#include <map>
#include <set>
#include <string>

#include "core/netlink/message.h"
#include "core/nft/ruleset.h"

namespace hitless::nft {

/// Builds a Ruleset from the answers to dump requests, in any order of kinds; objects of other
/// tables are passed over. What we never write decodes to something that differs from whatever we
/// want, so that a diff replaces it.
class Decoder {
 public:
  explicit Decoder(std::string table) : table_(std::move(table)) {}

  void add(const netlink::Message& message);
  const Ruleset& ruleset() const { return ruleset_; }
  Ruleset take() { return std::move(ruleset_); }

 private:
  void addTable(const netlink::Attributes& attributes);
  void addChain(const netlink::Attributes& attributes);
  void addRule(const netlink::Attributes& attributes);
  void addSet(const netlink::Attributes& attributes);
  void addElements(const netlink::Attributes& attributes);
  void addElement(Set& set, const netlink::Attributes& attributes);
  void addEnd(Set& set, const Datum& end);
  Datum lastOf(const Set& set, const Datum& first) const;

  std::string table_;
  /// By set, the keys behind intervals, which the kernel tells in an order of its own.
  std::map<std::string, std::set<Datum>, std::less<>> ends_;
  Ruleset ruleset_;
};

}  // namespace hitless::nft
