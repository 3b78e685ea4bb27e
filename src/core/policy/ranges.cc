#include "core/policy/ranges.h"

#include <algorithm>
#include <array>
#include <optional>

namespace hitless::policy {
namespace {

IpAddress fromBytes(IpFamily family, const std::array<std::uint8_t, 16>& bytes) {
  if (family == IpFamily::kV6) {
    return IpAddress::v6(bytes);
  }
  return IpAddress::v4(std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                       std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]});
}

std::array<std::uint8_t, 16> bytesOf(const IpAddress& address) {
  std::array<std::uint8_t, 16> out{};
  std::ranges::copy(address.bytes(), out.begin());
  return out;
}

AddressRange rangeOf(const Cidr& cidr) {
  const Cidr network = cidr.masked();
  auto bytes = bytesOf(network.address);
  for (std::size_t bit = network.length; bit < network.address.bytes().size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | 0x80U >> bit % 8);
  }
  return {network.address, fromBytes(network.address.family(), bytes)};
}

/// The next address, or the one before; nullopt at the end of the family's addresses.
std::optional<IpAddress> neighbour(const IpAddress& address, bool next) {
  auto bytes = bytesOf(address);
  const std::uint8_t full = next ? 0xff : 0;
  for (std::size_t i = address.bytes().size(); i-- > 0;) {
    if (bytes[i] != full) {
      bytes[i] = static_cast<std::uint8_t>(next ? bytes[i] + 1 : bytes[i] - 1);
      return fromBytes(address.family(), bytes);
    }
    bytes[i] = static_cast<std::uint8_t>(~full);
  }
  return std::nullopt;
}

/// What is left of each range without the network's addresses.
AddressRanges without(const AddressRanges& ranges, const Cidr& network) {
  const AddressRange gone = rangeOf(network);
  AddressRanges out;
  for (const AddressRange& range : ranges) {
    if (gone.last < range.first || range.last < gone.first) {
      out.push_back(range);
      continue;
    }
    if (range.first < gone.first) {
      out.push_back({range.first, *neighbour(gone.first, false)});
    }
    if (gone.last < range.last) {
      out.push_back({*neighbour(gone.last, true), range.last});
    }
  }
  return out;
}

/// Joins sorted ranges that touch or overlap; `touches(last, first)` says whether they do.
template <class Range, class Touches>
std::vector<Range> join(const std::vector<Range>& sorted, Touches touches) {
  std::vector<Range> out;
  for (const Range& range : sorted) {
    if (!out.empty() && touches(out.back().last, range.first)) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

}  // namespace

AddressRanges addressesOf(const std::vector<IpBlock>& blocks, IpFamily family) {
  AddressRanges all;
  for (const IpBlock& block : blocks) {
    if (block.cidr.address.family() != family) {
      continue;
    }
    AddressRanges own = {rangeOf(block.cidr)};
    for (const Cidr& except : block.except) {
      // An exception of the other family takes nothing away.
      own = except.address.family() == family ? without(own, except) : own;
    }
    all.insert(all.end(), own.begin(), own.end());
  }
  std::sort(all.begin(), all.end());
  return join(all, [](const IpAddress& last, const IpAddress& first) {
    const auto next = neighbour(last, true);
    return !next || first <= *next;
  });
}

bool isEverything(const AddressRanges& ranges) {
  return ranges.size() == 1 && !neighbour(ranges.front().first, false) &&
         !neighbour(ranges.front().last, true);
}

std::vector<PortRange> merged(std::vector<PortRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  return join(ranges, [](std::uint16_t last, std::uint16_t first) { return first <= last + 1; });
}

}  // namespace hitless::policy
