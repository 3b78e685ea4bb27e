#pragma once

#include <linux/errqueue.h>
#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "core/policy/model.h"
#include "sys/netlink/conntrack.h"
#include "testing/pod_network.h"
#include "testing/sctp_packet.h"

/// Connections between the hosts of a PodNetwork, all at once.
namespace hitless::testing {

/// A connection's first packet was answered by the other end (SCTP: it arrived there), by an error
/// or a reset on its way, or by nobody.
enum class Passage { kNothing, kPassed, kRefused };

struct PodProbe {
  std::size_t from = 0;  ///< Host.
  IpAddress to;
  policy::Protocol protocol = policy::Protocol::kTcp;
  std::uint16_t port = 0;
};

class PodProbes {
 public:
  /// Each host serves the ports, in TCP and UDP.
  PodProbes(const PodNetwork& network, const std::vector<std::uint16_t>& ports)
      : network_(network) {
    for (std::size_t host = 0; host < network.size(); ++host) {
      network.at(host, [&] {
        for (const std::uint16_t port : ports) {
          listeners_.push_back(serverSocket(SOCK_STREAM, port));
          echoes_.push_back(serverSocket(SOCK_DGRAM, port));
        }
        for (const int family : {AF_INET, AF_INET6}) {
          raw_.push_back({rawSocket(family), host});
        }
        return 0;
      });
    }
  }

  /// What becomes of each probe. The router forgets all connections afterwards.
  std::vector<Passage> run(const std::vector<PodProbe>& probes) {
    passages_.assign(probes.size(), Passage::kNothing);
    pending_ = probes.size();
    clients_.clear();
    inits_.clear();
    begin(probes);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (pending_ > 0 && std::chrono::steady_clock::now() < deadline) {
      step();
    }
    clients_.clear();
    forgetConnections();
    return passages_;
  }

 private:
  static constexpr std::chrono::seconds kPatience{10};
  static constexpr std::uint16_t kSctpSource = 40000;

  struct Client {
    Fd fd;
    std::size_t probe = 0;
    bool tcp = false;
  };
  struct Raw {
    Fd fd;
    std::size_t host = 0;
  };

  /// For SCTP, in and out, with the errors that come back.
  static Fd rawSocket(int family) {
    Fd fd(::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_SCTP));
    const int on = 1;
    const bool v4 = family == AF_INET;
    EXPECT_EQ(::setsockopt(fd.get(), v4 ? static_cast<int>(IPPROTO_IP) : IPPROTO_IPV6,
                           v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on),
              0);
    return fd;
  }

  void settle(std::size_t probe, Passage passage) {
    if (passages_[probe] == Passage::kNothing) {
      passages_[probe] = passage;
      --pending_;
    }
  }

  void begin(const std::vector<PodProbe>& probes) {
    for (std::size_t host = 0; host < network_.size(); ++host) {
      network_.at(host, [&] {
        for (std::size_t i = 0; i < probes.size(); ++i) {
          if (probes[i].from == host) {
            begin(probes[i], i);
          }
        }
        return 0;
      });
    }
  }

  void begin(const PodProbe& probe, std::size_t index) {
    if (probe.protocol == policy::Protocol::kSctp) {
      inits_[{probe.from, probe.to, probe.port}] = index;
      sendInit(probe);
      return;
    }
    const bool tcp = probe.protocol == policy::Protocol::kTcp;
    Fd fd = startConnecting(tcp ? SOCK_STREAM : SOCK_DGRAM, probe.to, probe.port);
    if (tcp) {
      const linger reset{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    } else {
      EXPECT_EQ(::send(fd.get(), "?", 1, 0), 1) << std::strerror(errno);
    }
    clients_.push_back({std::move(fd), index, tcp});
  }

  void sendInit(const PodProbe& probe) {
    const Fd& fd = raw_[probe.from * 2 + (probe.to.isV4() ? 0 : 1)].fd;
    const SocketAddress to(probe.to, 0);
    const auto packet = sctpInit(probe.port, kSctpSource);
    // An error of an earlier packet takes the place of the call's own result once.
    while (::sendto(fd.get(), packet.data(), packet.size(), 0, to.get(), to.size) < 0) {
      if (errno != EHOSTUNREACH && errno != EACCES) {
        ADD_FAILURE() << std::strerror(errno);
        return;
      }
    }
  }

  /// Waits for something and deals with it.
  void step() {
    std::vector<pollfd> waits;
    for (const Client& client : clients_) {
      const bool open = passages_[client.probe] == Passage::kNothing;
      waits.push_back({open ? client.fd.get() : -1, short(client.tcp ? POLLOUT : POLLIN), 0});
    }
    for (const auto* servers : {&listeners_, &echoes_}) {
      for (const Fd& server : *servers) {
        waits.push_back({server.get(), POLLIN, 0});
      }
    }
    for (const Raw& raw : raw_) {
      waits.push_back({raw.fd.get(), POLLIN, 0});
    }
    ::poll(waits.data(), waits.size(), 100);
    auto wait = waits.begin();
    for (const Client& client : clients_) {
      if ((wait++)->revents != 0) {
        settle(client.probe, answered(client));
      }
    }
    for (const Fd& listener : listeners_) {
      if ((wait++)->revents != 0) {
        acceptAll(listener);
      }
    }
    for (const Fd& echo : echoes_) {
      if ((wait++)->revents != 0) {
        echoAll(echo);
      }
    }
    for (const Raw& raw : raw_) {
      if ((wait++)->revents != 0) {
        readErrors(raw);
        readArrivals(raw);
      }
    }
  }

  static Passage answered(const Client& client) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(client.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? Passage::kPassed : Passage::kRefused;
  }

  static void acceptAll(const Fd& listener) {
    while (Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)).get() >= 0) {
    }
  }

  static void echoAll(const Fd& socket) {
    char byte = 0;
    SocketAddress peer;
    while (::recvfrom(socket.get(), &byte, 1, 0, peer.get(), &peer.size) == 1) {
      ::sendto(socket.get(), &byte, 1, 0, peer.get(), peer.size);
      peer = {};
    }
  }

  /// The INIT in a packet's bytes, whose IP header is before it or not.
  void settleInit(std::size_t from, const IpAddress& to, std::span<const std::uint8_t> bytes,
                  Passage passage) {
    const std::size_t header = bytes.empty()         ? 0
                               : bytes[0] >> 4U == 4 ? (bytes[0] & 0xfU) * 4U
                               : bytes[0] >> 4U == 6 ? 40U
                                                     : 0U;
    if (bytes.size() < header + 4) {
      return;
    }
    const auto port = static_cast<std::uint16_t>(bytes[header + 2] << 8 | bytes[header + 3]);
    const auto probe = inits_.find({from, to, port});
    if (probe != inits_.end()) {
      settle(probe->second, passage);
    }
  }

  void readArrivals(const Raw& raw) {
    std::array<std::uint8_t, 256> bytes{};
    SocketAddress peer;
    for (;;) {
      peer = {};
      const ssize_t size =
          ::recvfrom(raw.fd.get(), bytes.data(), bytes.size(), 0, peer.get(), &peer.size);
      if (size < 0 && errno == EAGAIN) {
        return;
      }
      const auto from = size < 0 ? std::nullopt : network_.hostOf(ipOf(peer));
      if (from) {
        for (const IpAddress& own : network_.addresses(raw.host)) {
          if (own.family() == ipOf(peer).family()) {
            settleInit(*from, own, std::span(bytes).first(static_cast<std::size_t>(size)),
                       Passage::kPassed);
          }
        }
      }
    }
  }

  /// Each has the packet that it is about, and where that went.
  void readErrors(const Raw& raw) {
    std::array<std::uint8_t, 256> bytes{};
    alignas(cmsghdr) std::array<char, 512> control{};
    for (;;) {
      SocketAddress to;
      iovec data{bytes.data(), bytes.size()};
      msghdr message{to.get(), to.size, &data, 1, control.data(), control.size(), 0};
      const ssize_t size = ::recvmsg(raw.fd.get(), &message, MSG_ERRQUEUE);
      if (size < 0) {
        return;
      }
      settleInit(raw.host, ipOf(to), std::span(bytes).first(static_cast<std::size_t>(size)),
                 Passage::kRefused);
    }
  }

  void forgetConnections() {
    const auto flows = conntrack_.dump();
    ASSERT_TRUE(flows) << flows.error().text();
    for (const sys::Flow& flow : *flows) {
      ASSERT_TRUE(conntrack_.remove(flow));
    }
  }

  const PodNetwork& network_;
  sys::Conntrack conntrack_ = *sys::Conntrack::open();
  std::vector<Fd> listeners_;
  std::vector<Fd> echoes_;
  std::vector<Raw> raw_;  ///< Two for each host.
  std::vector<Client> clients_;
  std::map<std::tuple<std::size_t, IpAddress, std::uint16_t>, std::size_t> inits_;
  std::vector<Passage> passages_;
  std::size_t pending_ = 0;
};

}  // namespace hitless::testing
