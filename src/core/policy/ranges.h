#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/policy/model.h"

/// Lists of blocks and of ports as sorted ranges that neither touch nor overlap: what a set of
/// intervals holds.
namespace hitless::policy {

/// Both ends included, of one family.
struct AddressRange {
  IpAddress first;
  IpAddress last;
  auto operator<=>(const AddressRange&) const = default;
};
using AddressRanges = std::vector<AddressRange>;

/// The addresses of one family that any of the blocks holds; what one leaves out another may hold.
AddressRanges addressesOf(const std::vector<IpBlock>& blocks, IpFamily family);
/// Whether they are all addresses of the family.
bool isEverything(const AddressRanges& ranges);

/// The ranges as few as possible.
std::vector<PortRange> merged(std::vector<PortRange> ranges);

}  // namespace hitless::policy
