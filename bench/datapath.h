#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "testing/service_network.h"

/// What benchmarks of packets' ways between two pods share.
namespace bench {

using SteadyClock = std::chrono::steady_clock;
using hitless::testing::Fd;

constexpr int kPatienceMs = 3000;

inline double microsecondsSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count();
}

/// Feeds a program that reads rules from its standard input.
inline bool feed(const std::string& command, const std::string& text) {
  FILE* pipe = ::popen(command.c_str(), "w");
  const bool written =
      pipe != nullptr && std::fwrite(text.data(), 1, text.size(), pipe) == text.size();
  return pipe != nullptr && ::pclose(pipe) == 0 && written;
}

/// Answers one byte by UDP and accepts by TCP, until it is destroyed.
class EchoServer {
 public:
  EchoServer(const hitless::testing::ServiceNetwork& network, hitless::testing::Host pod,
             std::uint16_t port)
      : udp_(network.at(pod, [port] { return hitless::testing::serverSocket(SOCK_DGRAM, port); })),
        tcp_(network.at(pod, [port] { return hitless::testing::serverSocket(SOCK_STREAM, port); })),
        thread_([this] { run(); }) {}
  ~EchoServer() {
    stop_ = true;
    thread_.join();
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

 private:
  void run() const {
    pollfd fds[] = {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
    while (!stop_) {
      if (::poll(fds, 2, 50) < 1) {
        continue;
      }
      hitless::testing::SocketAddress peer;
      char byte = 0;
      if (fds[0].revents != 0 && ::recvfrom(udp_.get(), &byte, 1, 0, peer.get(), &peer.size) == 1) {
        ::sendto(udp_.get(), &byte, 1, 0, peer.get(), peer.size);
      }
      if (fds[1].revents != 0) {
        const Fd accepted(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      }
    }
  }

  Fd udp_;
  Fd tcp_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// One byte there and back through a connected UDP socket.
inline bool roundTrip(const Fd& fd) {
  char byte = 'x';
  return ::send(fd.get(), &byte, 1, 0) == 1 && hitless::testing::readable(fd.get(), kPatienceMs) &&
         ::recv(fd.get(), &byte, 1, 0) == 1;
}

/// Waits until a connection is made.
inline bool established(const Fd& fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return hitless::testing::readable(fd.get(), kPatienceMs, POLLOUT) &&
         ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/// Round trips of first packets, each from a new socket to `target(i)`, sorted.
template <class Target>
std::vector<double> firstPackets(int count, Target target) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto [ip, port] = target(i);
    const Fd fd = hitless::testing::startConnecting(SOCK_DGRAM, ip, port);
    const auto begin = SteadyClock::now();
    if (roundTrip(fd)) {
      times.push_back(microsecondsSince(begin));
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

/// TCP connections to `target(i)`, one after the other.
template <class Target>
double connectionsPerSecond(std::chrono::seconds during, Target target) {
  const auto begin = SteadyClock::now();
  int made = 0;
  while (SteadyClock::now() - begin < during) {
    const auto [ip, port] = target(made);
    const Fd fd = hitless::testing::startConnecting(SOCK_STREAM, ip, port);
    if (established(fd)) {
      // A reset leaves no port in TIME_WAIT behind.
      const linger now{1, 0};
      ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
      ++made;
    }
  }
  return made * 1e6 / microsecondsSince(begin);
}

inline void printRow(const std::string& scenario, const std::string& metric, double value,
                     const char* unit) {
  fmt::print(
      "{{\"case\":\"{}\",\"metric\":\"{}\",\"value\":{:.1f},\"unit\":\"{}\",\"peer\":{{}}}}\n",
      scenario, metric, value, unit);
}

/// p50 and p99 of sorted times in microseconds; nothing if there are none.
inline void printTimes(const std::string& scenario, const std::string& what,
                       const std::vector<double>& sorted) {
  if (!sorted.empty()) {
    printRow(scenario, what + " p50", sorted[sorted.size() / 2], "us");
    printRow(scenario, what + " p99", sorted[sorted.size() * 99 / 100], "us");
  }
}

/// Namespaces for one case. As root without a user namespace: in one, nft may not raise its send
/// buffer for a large ruleset.
inline bool enterNamespaces() {
  const bool entered =
      ::geteuid() == 0 ? ::unshare(CLONE_NEWNET) == 0 : hitless::testing::enterNewNamespaces();
  if (!entered) {
    std::perror("cannot make namespaces");
  }
  return entered;
}

/// The rows of several cases as a JSON list; each case is this program in a process of its own.
class Rows {
 public:
  void add(std::size_t shape, int size) {
    const std::string command = fmt::format("/proc/{}/exe {} {}", ::getpid(), shape, size);
    FILE* pipe = ::popen(command.c_str(), "r");
    char line[1024];
    while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
      const std::string row(line);
      rows_ += (rows_.empty() ? "[" : ",\n ") + row.substr(0, row.find('\n'));
    }
    failed_ |= pipe == nullptr || ::pclose(pipe) != 0;
  }
  /// The program's exit code.
  int print() const {
    std::puts((rows_ + "]").c_str());
    return failed_ ? 1 : 0;
  }

 private:
  std::string rows_;
  bool failed_ = false;
};

}  // namespace bench
