#include "app/doctor/trace_command.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "app/doctor/dump_command.h"
#include "app/doctor/trace_live.h"
#include "app/terminal.h"
#include "core/iptables/conditions.h"
#include "core/iptables/report.h"

namespace hitless::app {
namespace {

Result<IpAddress> addressOf(std::string_view option, const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address) {
    return invalid(fmt::format("{} {}: not an IP address", option, text));
  }
  return *address;
}

Status setPorts(const TraceOptions& options, iptables::Packet& packet) {
  const auto protocol = iptables::protocolNumber(options.protocol);
  if (!protocol) {
    return invalid("--protocol " + options.protocol + ": not known");
  }
  const bool icmp = *protocol == 1 || *protocol == 58;
  packet.protocol = icmp ? (packet.source.isV4() ? 1 : 58) : *protocol;
  packet.icmpType = packet.source.isV4() ? 8 : 128;  // An echo request.
  if (icmp) {
    return {};
  }
  if (options.port == 0) {
    return invalid("--port is missing: which port does the packet go to?");
  }
  packet.destinationPort = options.port;
  if (options.fromPort != 0) {
    packet.sourcePort = options.fromPort;
  }
  return {};
}

Status setState(const TraceOptions& options, iptables::Packet& packet) {
  if (options.established) {
    packet.state = iptables::ConnectionState::kEstablished;
    packet.tcpFlags = 0x10;
    packet.connectionMark.unknown = 0xffffffff;
  }
  if (options.mark.empty()) {
    return {};
  }
  const auto mark = iptables::markAndMask(options.mark);
  if (!mark) {
    return invalid("--mark " + options.mark + ": not a number");
  }
  packet.mark.value = mark->first;
  return {};
}

/// What is asked, in words.
std::string question(const TraceOptions& options) {
  const std::string to =
      options.port == 0 ? options.to : fmt::format("{} port {}", options.to, options.port);
  return fmt::format(
      "{} from {} to {}, {}", options.protocol, options.from, to,
      options.established ? "of an established connection" : "the first of a connection");
}

Result<iptables::WalkResult> traceDump(const TraceOptions& options, iptables::Packet packet) {
  std::string text = TRY(readDumpFile(options.dump));
  auto dump = iptables::parseDump(std::move(text));
  if (!dump) {
    return tl::unexpected(std::move(dump).error().about(options.dump));
  }
  return iptables::walk({{options.dump, &*dump}}, std::move(packet));
}

Status trace(const TraceOptions& options) {
  iptables::Packet packet = TRY(packetOf(options));
  const iptables::WalkResult result = options.dump.empty()
                                          ? TRY(traceLive(std::move(packet)))
                                          : TRY(traceDump(options, std::move(packet)));
  if (options.output == "json") {
    fmt::print("{}\n", boost::json::serialize(iptables::jsonOf(result)));
  } else {
    fmt::print("{}\n{}", question(options), iptables::textOf(result));
  }
  return {};
}

}  // namespace

Result<iptables::Packet> packetOf(const TraceOptions& options) {
  iptables::Packet packet;
  packet.source = TRY(addressOf("--from", options.from));
  packet.destination = TRY(addressOf("--to", options.to));
  if (packet.source.family() != packet.destination.family()) {
    return invalid("--from and --to are of different address families");
  }
  TRY_VOID(setPorts(options, packet));
  TRY_VOID(setState(options, packet));
  if (!options.in.empty()) {
    packet.in = options.in;
  }
  if (!options.out.empty()) {
    packet.out = options.out;
  }
  if (!options.node.empty()) {
    packet.own.emplace();
    for (const std::string& address : options.node) {
      packet.own->push_back(TRY(addressOf("--node", address)));
    }
  }
  packet.localOrigin = options.in.empty() && packet.isOwn(packet.source) == iptables::Answer::kYes;
  return packet;
}

void addTraceOptions(CLI::App& parser, TraceOptions& options) {
  parser.add_option("--from", options.from, "Address that the packet comes from")->required();
  parser.add_option("--to", options.to, "Address that it goes to, a Service's too")->required();
  parser.add_option("--port", options.port, "Port that it goes to");
  parser.add_option("--from-port", options.fromPort, "Port that it comes from (default: any)");
  parser.add_option("--protocol", options.protocol, "tcp, udp, sctp, icmp or a number")
      ->capture_default_str();
  parser.add_option("--in", options.in, "Interface that it comes in through");
  parser.add_option("--out", options.out, "Interface that it leaves through");
  parser.add_flag("--established", options.established,
                  "It belongs to a connection that is known already, so that nat is not asked");
  parser.add_option("--mark", options.mark, "Its mark when it comes in (0)");
  parser.add_option("--node", options.node,
                    "With --dump: addresses of the node that the dump is from");
  parser.add_option("--dump", options.dump,
                    "What iptables-save wrote (- is standard input) instead of this node's rules");
  parser.add_option("-o,--output", options.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

int runTrace(const TraceOptions& options) {
  return exitStatus(trace(options));
}

}  // namespace hitless::app
