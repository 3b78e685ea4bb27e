#include "sys/load/engine.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "sys/clock/real_clock.h"
#include "sys/load/conntrack_lookup.h"
#include "sys/load/resolve.h"
#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using load::Cause;
using load::LoadResult;
using testing::inNamespaces;
using testing::outputOf;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A server on the loopback that does with each connection what it is told, one after the other.
class Server {
 public:
  using Behaviour = std::function<void(int fd)>;
  explicit Server(Behaviour behaviour, const char* address = "127.0.0.1") {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    inet_pton(AF_INET, address, &to.sin_addr);
    socklen_t size = sizeof to;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&to), size), 0);
    EXPECT_EQ(::listen(listener_, 1024), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&to), &size), 0);
    port_ = ntohs(to.sin_port);
    thread_ = std::thread([this, behaviour] {
      for (int fd = 0; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        behaviour(fd);
      }
    });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);  // ends accept()
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Reads one request; false if the client closed instead.
bool readRequest(int fd) {
  std::string head;
  char buffer[4096];
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = ::recv(fd, buffer, sizeof buffer, 0);
    if (count <= 0) {
      return false;
    }
    head.append(buffer, static_cast<std::size_t>(count));
  }
  return true;
}

void say(int fd, std::string_view text) {
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

void reset(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(fd);
}

void answerAll(int fd) {
  while (readRequest(fd)) {
    say(fd, kOk);
  }
  ::close(fd);
}

struct Run {
  std::string words;
  load::Endpoint destination;
  std::string target = "/";
  int stopFd = -1;
};

LoadResult runWith(const Run& run, load::BackendLookup& lookup) {
  LoadRun out;
  out.spec = *load::parseLoadSpec("http://web.default/ " + run.words);
  out.spec.target = run.target;
  out.destination = run.destination;
  out.stopFd = run.stopFd;
  const RealClock clock;
  RealRng rng;
  auto result = runLoad(out, clock, rng, lookup);
  EXPECT_TRUE(result) << result.error().text();
  return result.value_or(LoadResult{});
}

LoadResult runWith(const Run& run) {
  load::NoBackendLookup none("none");
  return runWith(run, none);
}

load::Endpoint loopback(std::uint16_t port) {
  return {*IpAddress::parse("127.0.0.1"), port};
}

LoadResult against(const std::string& words, const Server::Behaviour& behaviour,
                   const std::string& target = "/") {
  const Server server(behaviour);
  return runWith({words, loopback(server.port()), target});
}

/// The one failure of a load that sent one request.
load::Failure onlyFailure(const LoadResult& result) {
  EXPECT_EQ(result.sent, 1U);
  EXPECT_EQ(result.failed, 1U);
  EXPECT_EQ(result.succeeded, 0U);
  EXPECT_EQ(result.failures.listed.size(), 1U);
  return result.failures.listed.empty() ? load::Failure{} : result.failures.listed.front();
}

std::string_view id(const load::Failure& failure) {
  return load::info(failure.cause).id;
}

TEST(LoadEngine, SendsWhatTheScheduleSaysOnConnectionsThatSpread) {
  std::atomic<int> connections = 0;
  std::vector<std::thread> threads;
  LoadResult result;
  {
    const Server server([&](int fd) {
      ++connections;
      threads.emplace_back(answerAll, fd);
    });
    result = runWith({"rate=2000 count=200 connections=4", loopback(server.port())});
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(result.scheduled, 200U);
  EXPECT_EQ(result.succeeded, 200U);
  EXPECT_EQ(result.statuses, (std::map<int, std::uint64_t>{{200, 200}}));
  EXPECT_GE(connections, 4);
  EXPECT_EQ(result.connectionsOpened, static_cast<std::uint64_t>(connections));
  EXPECT_GE(result.duration, milliseconds{99});
}

TEST(LoadEngine, OpensAConnectionForEachRequestWhenAsked) {
  const LoadResult result = against("rate=1000 count=20 new", [](int fd) {
    if (readRequest(fd)) {
      say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
    }
    ::close(fd);
  });
  EXPECT_EQ(result.succeeded, 20U);
  EXPECT_EQ(result.connectionsOpened, 20U);
}

TEST(LoadEngine, Refused) {
  std::uint16_t port = 0;
  {
    port = Server([](int fd) { ::close(fd); }).port();
  }
  const load::Failure failure = onlyFailure(runWith({"count=1", loopback(port)}));
  EXPECT_EQ(id(failure), "connection-refused");
  EXPECT_EQ(failure.errorName, "ECONNREFUSED");
  EXPECT_TRUE(failure.connect);
  EXPECT_FALSE(failure.written);
}

TEST(LoadEngine, ResetBeforeTheRequestIsWritten) {
  const LoadResult result = against("count=1", reset, "/" + std::string(16 << 20, 'x'));
  EXPECT_EQ(id(onlyFailure(result)), "reset-before-request-written");
}

TEST(LoadEngine, ResetAfterTheRequestIsWritten) {
  const load::Failure failure = onlyFailure(against("count=1", [](int fd) {
    readRequest(fd);
    reset(fd);
  }));
  EXPECT_EQ(id(failure), "reset-after-request-written");
  EXPECT_EQ(failure.errorName, "ECONNRESET");
  EXPECT_TRUE(failure.written);
  EXPECT_EQ(failure.detail, "");
}

TEST(LoadEngine, ClosedBeforeTheResponse) {
  const load::Failure failure = onlyFailure(against("count=1", [](int fd) {
    readRequest(fd);
    ::close(fd);
  }));
  EXPECT_EQ(id(failure), "closed-before-response");
  EXPECT_EQ(failure.errorName, "");
}

TEST(LoadEngine, ClosedInMidResponse) {
  for (const bool rudely : {false, true}) {
    const LoadResult result = against("count=1", [rudely](int fd) {
      readRequest(fd);
      say(fd, std::string_view(kOk).substr(0, 25));
      if (rudely) {
        // A reset may overtake what was said: it follows once the client has it.
        int left = 1;
        while (::ioctl(fd, TIOCOUTQ, &left) == 0 && left > 0) {
          std::this_thread::yield();
        }
      }
      rudely ? reset(fd) : static_cast<void>(::close(fd));
    });
    const std::string_view seen = id(onlyFailure(result));
    EXPECT_TRUE(seen == "closed-mid-response" || (rudely && seen == "reset-after-request-written"))
        << seen;
  }
}

TEST(LoadEngine, NeverAnswered) {
  int kept = -1;
  const load::Failure failure =
      onlyFailure(against("count=1 timeout=50ms", [&kept](int fd) { kept = fd; }));
  ::close(kept);
  EXPECT_EQ(id(failure), "response-timeout");
  EXPECT_GE(failure.failed - failure.scheduled, milliseconds{50});
}

TEST(LoadEngine, AnswersThatAreFailures) {
  const std::pair<const char*, const char*> cases[] = {
      {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "http-5xx"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "http-4xx"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "malformed-response"},
  };
  for (const auto& [answer, cause] : cases) {
    const LoadResult result = against("count=1", [text = answer](int fd) {
      readRequest(fd);
      say(fd, text);
      readRequest(fd);
      ::close(fd);
    });
    EXPECT_EQ(id(onlyFailure(result)), cause);
  }
}

/// Answers the first request of a connection and drops the second.
void answerOnce(int fd) {
  if (readRequest(fd)) {
    say(fd, kOk);
  }
  readRequest(fd);
  ::close(fd);
}

TEST(LoadEngine, RetriesOnceWhereAKeptConnectionWasClosed) {
  const LoadResult result = against("rate=100 count=4 connections=1", answerOnce);
  EXPECT_EQ(result.succeeded, 4U);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_GT(result.retried, 0U);
  ASSERT_FALSE(result.retries.listed.empty());
  EXPECT_EQ(id(result.retries.listed.front()), "closed-before-response");
  EXPECT_TRUE(result.retries.listed.front().reusedConnection);
}

TEST(LoadEngine, DoesNotRetryWhenToldNotToOrWhenNotIdempotent) {
  for (const char* words : {"retry-idle-close=off", "method=POST"}) {
    const LoadResult result =
        against(std::string("rate=100 count=2 connections=1 ") + words, answerOnce);
    EXPECT_EQ(result.succeeded, 1U);
    EXPECT_EQ(result.failed, 1U);
    EXPECT_EQ(result.retried, 0U);
  }
}

TEST(LoadEngine, AConnectionClosedWhileIdleCostsNothing) {
  const LoadResult result = against("rate=50 count=3 connections=1", [](int fd) {
    readRequest(fd);
    say(fd, kOk);
    ::close(fd);
  });
  EXPECT_EQ(result.succeeded, 3U);
  EXPECT_EQ(result.retried, 0U);
  EXPECT_GE(result.connectionsClosedIdle, 2U);
}

TEST(LoadEngine, LatencyCountsFromTheScheduleWhenTheCapHoldsBack) {
  const LoadResult result =
      against("rate=1000 count=3 connections=1 max-outstanding=1", [](int fd) {
        readRequest(fd);
        std::this_thread::sleep_for(milliseconds{30});  // a slow server, not a wait for something
        say(fd, kOk);
        answerAll(fd);
      });
  EXPECT_EQ(result.succeeded, 3U);
  EXPECT_EQ(result.outstandingMax, 1U);
  EXPECT_EQ(result.outstandingCapHits, 2U);
  EXPECT_GE(result.latency.percentile(50), milliseconds{28});
}

TEST(LoadEngine, StopsWhenTold) {
  const int stop = ::eventfd(1, EFD_CLOEXEC);
  const Server server(answerAll);
  const LoadResult result = runWith({"rate=1000", loopback(server.port()), "/", stop});
  ::close(stop);
  EXPECT_EQ(result.succeeded, result.scheduled);
  EXPECT_LT(result.duration, seconds{5});
}

// --- what the network does, in a namespace
// --------------------------------------------------------

void loadRules(const std::string& rules) {
  ASSERT_OK(Links::open()->setUp("lo"));
  ASSERT_EQ(outputOf("nft '" + rules + "'"), "");
}

TEST(LoadEngineNetwork, ARejectRuleOrNoRouteIsNoEndpoint) {
  inNamespaces([] {
    loadRules(
        "add table t; add chain t o { type filter hook output priority 0; };"
        "add rule t o tcp dport 81 reject with icmp port-unreachable;"
        "add rule t o tcp dport 82 reject with icmp host-unreachable");
    const load::Failure port = onlyFailure(runWith({"count=1", loopback(81)}));
    EXPECT_EQ(id(port), "no-endpoint");
    EXPECT_EQ(port.errorName, "ECONNREFUSED");
    EXPECT_LT(port.failed - port.scheduled, milliseconds{900});
    EXPECT_EQ(id(onlyFailure(runWith({"count=1", loopback(82)}))), "no-endpoint");
    const load::Endpoint nowhere{*IpAddress::parse("192.0.2.1"), 80};
    EXPECT_EQ(id(onlyFailure(runWith({"count=1", nowhere}))), "no-endpoint");
  });
}

TEST(LoadEngineNetwork, ABlackHoleIsAConnectTimeOut) {
  inNamespaces([] {
    loadRules(
        "add table t; add chain t i { type filter hook input priority 0; };"
        "add rule t i tcp dport 83 drop");
    EXPECT_EQ(id(onlyFailure(runWith({"count=1 timeout=50ms", loopback(83)}))), "connect-timeout");
  });
}

TEST(LoadEngineNetwork, ConntrackTellsTheBackend) {
  inNamespaces([] {
    const Server good(answerAll, "127.0.0.2");
    loadRules(
        fmt::format("add table t; add chain t n {{ type nat hook output priority -100; }};"
                    "add chain t f {{ type filter hook output priority 0; }};"
                    "add rule t n ip daddr 127.0.0.9 tcp dport 80 dnat to 127.0.0.2:{};"
                    "add rule t n ip daddr 127.0.0.9 tcp dport 81 dnat to 127.0.0.3:9;"
                    "add rule t f ip daddr 127.0.0.9 tcp dport 82 reject with tcp reset",
                    good.port()));
    const auto lookup = openConntrackLookup("");
    const auto virtualPort = [](std::uint16_t port) {
      return load::Endpoint{*IpAddress::parse("127.0.0.9"), port};
    };
    EXPECT_EQ(runWith({"count=1", virtualPort(80)}, *lookup).succeeded, 1U);
    EXPECT_EQ(lookup->description(), "connection tracking");

    const load::Failure refused = onlyFailure(runWith({"count=1", virtualPort(81)}, *lookup));
    EXPECT_EQ(id(refused), "connection-refused");
    ASSERT_TRUE(refused.backend);
    EXPECT_EQ(refused.backend->text(), "127.0.0.3:9");

    const load::Failure rejected = onlyFailure(runWith({"count=1", virtualPort(82)}, *lookup));
    EXPECT_EQ(id(rejected), "no-endpoint");
    EXPECT_FALSE(rejected.backend);
  });
}

TEST(LoadLookup, WithoutPrivilegeSaysWhy) {
  EXPECT_NE(openConntrackLookup("/nonexistent")->description().find("/nonexistent"),
            std::string::npos);
}

TEST(LoadResolve, PrefersWhatWasGiven) {
  const IpAddress ip = *IpAddress::parse("10.96.0.10");
  EXPECT_EQ(resolveHost("web.default", {{"web.default", ip}}), ip);
  EXPECT_EQ(resolveHost("10.96.0.10", {}), ip);
  EXPECT_EQ(resolveHost("::1", {}), *IpAddress::parse("::1"));
  const auto unknown = resolveHost("no-such-name.invalid", {});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().hint.find("--resolve"), std::string::npos);
}

}  // namespace
}  // namespace hitless::sys
