#pragma once

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <fmt/format.h>

#include "testing/service_network.h"

/// Servers everywhere in a ServiceNetwork, and clients that say where they ended up.
namespace hitless::testing {

inline constexpr std::uint16_t kTcpPort = 8080;
inline constexpr std::uint16_t kOtherTcpPort = 9090;
inline constexpr std::uint16_t kUdpPort = 5353;
/// Where connections go that only show that the path is there.
inline constexpr std::uint16_t kControlPort = 7777;

/// A connection, or what became of the attempt.
struct Visit {
  /// "pod-a:8080 sees client" (which endpoint answered, and who it believes to talk to), "refused",
  /// "no answer", or the text of another error.
  std::string outcome;
  std::string endpoint;  ///< "pod-a", if there was an answer to a connection.
  Fd client;
  Fd server;  ///< TCP only.
};

class Visits {
 public:
  explicit Visits(const ServiceNetwork& network) : network_(network) {
    for (const Host pod : {Host::kA, Host::kB, Host::kC, Host::kOther}) {
      listen(pod, SOCK_STREAM, kTcpPort);
      listen(pod, SOCK_STREAM, kOtherTcpPort);
      listen(pod, SOCK_DGRAM, kUdpPort);
    }
    // What is answered outside the cluster.
    listen(Host::kOther, SOCK_STREAM, 80);
    listen(Host::kOther, SOCK_DGRAM, 53);
    for (const Host pod : {Host::kB, Host::kC}) {
      controls_.push_back(network_.at(pod, [] { return serverSocket(SOCK_STREAM, kControlPort); }));
    }
  }

  void listen(Host host, int type, std::uint16_t port, int protocol = 0) {
    servers_.push_back(
        {network_.at(host, [&] { return serverSocket(type, port, protocol); }), type});
  }

  /// A TCP connection; or of another protocol with such.
  Visit tcp(const Dual& from, const IpAddress& to, std::uint16_t port, int protocol = 0) {
    Visit visit;
    visit.client = network_.at(from.host, [&] {
      return startConnecting(SOCK_STREAM, to, port, sourceOf(from, to.family()), protocol);
    });
    if (!settled(from, to.family(), visit.client.get(), POLLOUT)) {
      visit.outcome = "no answer";
    } else if (const int error = errorOf(visit.client.get()); error != 0) {
      visit.outcome = textOf(error);
    } else {
      accept(visit);
    }
    return visit;
  }

  /// One datagram and its answer.
  Visit udp(const Dual& from, const IpAddress& to, std::uint16_t port) {
    Visit visit;
    visit.client = network_.at(from.host, [&] {
      return startConnecting(SOCK_DGRAM, to, port, sourceOf(from, to.family()));
    });
    ask(visit, from, to.family());
    return visit;
  }

  /// Another datagram through the socket of an earlier visit.
  void askAgain(Visit& visit, const Dual& from, IpFamily family) { ask(visit, from, family); }

  /// Whether an ICMP echo request is answered.
  bool ping(const Dual& from, const IpAddress& to) {
    const bool v4 = to.isV4();
    const Fd fd = network_.at(from.host, [&] {
      return Fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                         v4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6)));
    });
    const SocketAddress address(to, 0);
    EXPECT_EQ(::connect(fd.get(), address.get(), address.size), 0) << std::strerror(errno);
    // Type, code, checksum of the rest, identifier and number; for IPv6 the kernel sums up.
    const std::array<std::uint8_t, 8> request{
        static_cast<std::uint8_t>(v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST),
        0,
        v4 ? std::uint8_t{0xf7} : std::uint8_t{0},
        v4 ? std::uint8_t{0xfe} : std::uint8_t{0},
        0,
        1,
        0,
        0};
    ::send(fd.get(), request.data(), request.size(), 0);
    return settled(from, to.family(), fd.get(), POLLIN) && answersEcho(fd.get(), v4);
  }

 private:
  struct Server {
    Fd fd;
    int type;
  };

  /// Waits until `ready(milliseconds)`. The first wait is for the machine; what is not there by the
  /// time that a connection to a pod, begun later at the same place, is there, will not come.
  template <class Ready>
  bool settled(const Dual& from, IpFamily family, Ready ready) const {
    if (ready(10)) {
      return true;
    }
    const Dual& pod = from.host == Host::kC ? kPodB : kPodC;
    const Fd control = network_.at(from.host, [&] {
      return startConnecting(SOCK_STREAM, pod.in(family), kControlPort, sourceOf(from, family));
    });
    EXPECT_TRUE(readable(control.get(), 3000, POLLOUT)) << "no path to the pods";
    return ready(20);
  }

  bool settled(const Dual& from, IpFamily family, int fd, short events) const {
    return settled(from, family, [&](int wait) { return readable(fd, wait, events); });
  }

  /// The server that has something; nullptr if none has.
  const Server* arrival(int type, int milliseconds) const {
    std::vector<pollfd> waits;
    for (const Server& server : servers_) {
      waits.push_back({server.type == type ? server.fd.get() : -1, POLLIN, 0});
    }
    ::poll(waits.data(), waits.size(), milliseconds);
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents != 0) {
        return &servers_[i];
      }
    }
    return nullptr;
  }

  void accept(Visit& visit) {
    const Server* server = arrival(SOCK_STREAM, 3000);
    if (server == nullptr) {
      visit.outcome = "connected to a stranger";
      return;
    }
    SocketAddress peer;
    visit.server =
        Fd(::accept4(server->fd.get(), peer.get(), &peer.size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const SocketAddress local = localAddress(visit.server.get());
    visit.endpoint = nameOf(ipOf(local));
    visit.outcome = seen(ipOf(local), portOf(local), ipOf(peer));
  }

  void ask(Visit& visit, const Dual& from, IpFamily family) {
    visit.outcome = "no answer";
    // A drop on the way out of the own machine is an error.
    if (::send(visit.client.get(), "?", 1, 0) != 1 && errno != EPERM) {
      visit.outcome = textOf(errno);
      return;
    }
    std::string seenBy;
    settled(from, family, [&](int wait) {
      if (const Server* server = arrival(SOCK_DGRAM, wait)) {
        seenBy = answer(*server);
      }
      return readable(visit.client.get(), wait);
    });
    char byte = 0;
    if (::recv(visit.client.get(), &byte, 1, 0) == 1) {
      visit.outcome = seenBy;
    } else if (errno != EAGAIN) {
      visit.outcome = textOf(errno);
    }
  }

  /// Answers a datagram from the address that it came to, as a server must.
  static std::string answer(const Server& server) {
    char byte = 0;
    alignas(cmsghdr) std::array<char, 256> control{};
    SocketAddress peer;
    iovec data{&byte, 1};
    msghdr message{peer.get(), peer.size, &data, 1, control.data(), control.size(), 0};
    if (::recvmsg(server.fd.get(), &message, 0) != 1) {
      return std::strerror(errno);
    }
    in6_pktinfo info{};
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != IPV6_PKTINFO) {
      return "no address";
    }
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    ::sendmsg(server.fd.get(), &message, 0);
    return seen(ipOf(info.ipi6_addr), portOf(localAddress(server.fd.get())), ipOf(peer));
  }

  static std::string seen(const IpAddress& endpoint, std::uint16_t port, const IpAddress& peer) {
    return fmt::format("{}:{} sees {}", nameOf(endpoint), port, nameOf(peer));
  }

  /// An echo reply, and not an error about the request.
  static bool answersEcho(int fd, bool v4) {
    std::array<std::uint8_t, 256> packet{};
    for (ssize_t size = 0; (size = ::recv(fd, packet.data(), packet.size(), 0)) > 0;) {
      const std::size_t header = v4 ? (packet[0] & 0xfU) * 4U : 0;
      if (packet[header] == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY)) {
        return true;
      }
    }
    return false;
  }

  static std::optional<IpAddress> sourceOf(const Dual& from, IpFamily family) {
    return from.first ? std::nullopt : std::optional(from.in(family));
  }

  static int errorOf(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }

  static std::string textOf(int error) {
    return error == ECONNREFUSED ? "refused" : std::strerror(error);
  }

  const ServiceNetwork& network_;
  std::vector<Server> servers_;
  std::vector<Fd> controls_;
};

}  // namespace hitless::testing
