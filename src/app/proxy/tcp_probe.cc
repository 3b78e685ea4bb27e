#include "app/proxy/tcp_probe.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/ip.h"
#include "base/text.h"
#include "core/proxy/sidecar.h"
#include "sys/container/tcp_check.h"

namespace hitless::app {
namespace {

/// Of kubelets' probes, unless the probe says another; they hang up earlier then.
constexpr nanoseconds kTimeout = seconds(10);
constexpr const char* kLoopback = "127.0.0.1";

/// Nobody is to try other hosts' ports from here.
bool isOwn(const std::string& address) {
  const auto fd = sys::listenTcp(address, 0);
  if (fd) {
    ::close(*fd);
  }
  return fd.has_value();
}

/// The address in a Host header, if it is this pod's.
std::string addressIn(const sys::HttpRequest& request) {
  const auto header = request.headers.find("host");
  std::string host = header == request.headers.end() ? "" : header->second;
  host =
      host.starts_with('[') ? host.substr(1, host.find(']') - 1) : host.substr(0, host.find(':'));
  return IpAddress::parse(host) && isOwn(host) ? host : kLoopback;
}

}  // namespace

void addTcpProbe(boost::asio::io_context& io, Front& status) {
  status.route(
      std::string(proxy::sidecar::kTcpProbePath),
      [&io](const sys::HttpRequest& request, const std::string& rest,
            const std::shared_ptr<sys::HttpResponder>& responder) {
        const auto port = parseUint(rest);
        if (!port || *port == 0 || *port > 65535) {
          return responder->send(404, "text/plain", fmt::format("\"{}\" is no port\n", rest));
        }
        sys::checkTcp(io, addressIn(request), static_cast<std::uint16_t>(*port), kTimeout,
                      [responder](const Status& connected) {
                        responder->send(connected ? 200 : 503, "text/plain",
                                        connected ? "ok\n" : connected.error().text() + "\n");
                      });
      });
}

}  // namespace hitless::app
