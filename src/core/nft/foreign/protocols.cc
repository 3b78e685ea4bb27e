#include "core/nft/foreign/protocols.h"

#include <array>
#include <string_view>

namespace hitless::nft {
namespace {

struct Protocol {
  std::uint8_t number;
  std::string_view name;
};
constexpr std::array<Protocol, 18> kProtocols = {{{1, "icmp"},
                                                  {2, "igmp"},
                                                  {4, "ipencap"},
                                                  {kTcp, "tcp"},
                                                  {kUdp, "udp"},
                                                  {33, "dccp"},
                                                  {41, "ipv6"},
                                                  {47, "gre"},
                                                  {50, "esp"},
                                                  {51, "ah"},
                                                  {58, "ipv6-icmp"},
                                                  {89, "ospf"},
                                                  {94, "ipip"},
                                                  {103, "pim"},
                                                  {112, "vrrp"},
                                                  {132, "sctp"},
                                                  {135, "mobility-header"},
                                                  {136, "udplite"}}};

}  // namespace

std::string protocolName(std::uint8_t number) {
  for (const Protocol& protocol : kProtocols) {
    if (protocol.number == number) {
      return std::string(protocol.name);
    }
  }
  return std::to_string(number);
}

}  // namespace hitless::nft
