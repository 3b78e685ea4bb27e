#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/count_text.h"
#include "base/ip.h"
#include "core/doctor/evidence.h"

/// The tables of counters below /proc that several checks read. Texts may be cut or made up: what
/// does not fit is left out.
namespace hitless::doctor {

/// proc/net/stat/*: a row of names, then a row of hexadecimal numbers for each CPU. The sum of a
/// column; nullopt if there is none of this name.
std::optional<std::uint64_t> cpuSum(std::string_view text, std::string_view column);
/// The same for a column that is one number of the whole table in every row ("entries").
std::optional<std::uint64_t> cpuFirst(std::string_view text, std::string_view column);

/// proc/net/netstat and proc/net/snmp: "TcpExt: NAME ..." above "TcpExt: NUMBER ...".
std::optional<std::uint64_t> netstat(std::string_view text, std::string_view section,
                                     std::string_view name);

/// A row of proc/net/softnet_stat.
struct SoftnetRow {
  std::uint32_t cpu = 0;
  std::uint64_t processed = 0;
  std::uint64_t dropped = 0;   ///< The backlog was full (netdev_max_backlog).
  std::uint64_t squeezed = 0;  ///< Work was left when budget or time were used up.
  bool operator==(const SoftnetRow&) const = default;
};
std::vector<SoftnetRow> softnetRows(std::string_view text);

/// A row of proc/softirqs by its name ("NET_RX"), a number for each CPU.
std::vector<std::uint64_t> softirqs(std::string_view text, std::string_view name);

/// A line of proc/net/tcp or tcp6.
struct SocketLine {
  IpAddress local;
  std::uint16_t localPort = 0;
  IpAddress remote;  ///< An IPv4 address also where an IPv6 socket has it as ::ffff:a.b.c.d.
  std::uint16_t remotePort = 0;
  std::uint8_t state = 0;  ///< As in linux/tcp.h: 1 established, 6 TIME_WAIT, 10 listening.
  bool operator==(const SocketLine&) const = default;
};
inline constexpr std::uint8_t kSocketTimeWait = 6;
inline constexpr std::uint8_t kSocketListens = 10;
std::optional<SocketLine> parseSocketLine(std::string_view line);
void eachSocket(std::string_view text, const std::function<void(const SocketLine&)>& each);

/// How much a number grew from the first sample to the last; nullopt if either lacks it, 0 if it
/// went back.
std::optional<std::uint64_t> growth(
    const Evidence& evidence, std::string_view name,
    const std::function<std::optional<std::uint64_t>(std::string_view text)>& read);
/// growth() of a column of cpuSum().
std::optional<std::uint64_t> cpuGrowth(const Evidence& evidence, std::string_view name,
                                       std::string_view column);
/// Per second over the time between the samples; 0 with one sample.
double perSecond(const Evidence& evidence, std::uint64_t amount);

/// Of 100, rounded down; 0 if `whole` is 0.
std::uint64_t percent(std::uint64_t part, std::uint64_t whole);

}  // namespace hitless::doctor
