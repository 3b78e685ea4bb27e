#include "sys/proxy/worker.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <thread>

#include "sys/clock/real_clock.h"
#include "sys/proxy/tcp.h"
#include "testing/fake_rng.h"

namespace hitless::sys {
namespace {

/// Connections and requests that are open, by what the worker tells.
struct Counts final : WorkerEvents {
  void accepted(const std::string&) override { ++connections; }
  void speaks(const std::string&, proxy::HttpVersion) override {}
  void closed(const std::string&, const proxy::WorkerStats::DownstreamEnd&) override {
    --connections;
  }
  void goawaySent() override {}
  void requestBegan(const std::string&, proxy::HttpVersion) override { ++requests; }
  void upgraded(const std::string&) override {}
  void requestOver(const proxy::RequestRecord&) override { --requests; }
  void connecting(const std::string&) override {}
  void connected(const std::string&, proxy::HttpVersion, nanoseconds) override {}
  void connectFailed(const std::string&, bool) override {}
  void disconnected(const std::string&, bool, std::size_t) override {}
  void tryBegan(const std::string&) override { ++tries; }
  void tryEnded(const std::string&, bool) override { --tries; }
  std::atomic<int> connections{0}, requests{0}, tries{0};
};

std::uint16_t portOf(int fd) {
  return localAddress(fd).port;
}

Fd listening() {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  EXPECT_EQ(listen(fd.get(), 16), 0);
  return fd;
}

Fd dial(std::uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval most{20, 0};  // a test that waits in vain fails instead of hanging
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  return fd;
}

void say(const Fd& fd, std::string_view text) {
  EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

/// Reads until `end` has come, or the peer has ended.
std::string hear(const Fd& fd, std::string_view end) {
  std::string got;
  char c = 0;
  while (got.find(end) == std::string::npos && recv(fd.get(), &c, 1, 0) == 1) {
    got.push_back(c);
  }
  return got;
}

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : upstream_(listening()) {
    WorkerOptions options;
    options.server.head = head_;
    worker_ = std::make_unique<Worker>(*EventLoop::open(clock_), rng_, options, counts_);
    thread_ = std::thread([this] { worker_->eventLoop().run(); });
    auto table = std::make_shared<proxy::RouteTable>();
    proxy::Listener listener;
    listener.name = "http";
    listener.address = IpAddress::v4(INADDR_LOOPBACK);
    proxy::RouteRule rule;
    rule.backends.push_back({"web"});
    listener.hosts.push_back({"*", {rule}});
    Fd fd = *listenOn(listener.address, 0, {});
    port_ = portOf(fd.get());
    table->listeners.push_back(std::make_shared<proxy::routing::Routes>(listener));
    auto cluster = std::make_shared<proxy::Cluster>();
    cluster->name = "web";
    cluster->upstreams.push_back(
        {{IpAddress::v4(INADDR_LOOPBACK), portOf(upstream_.get())}, true, {}, {}});
    table->clusters["web"] = cluster;
    run([&] {
      EXPECT_TRUE(worker_->setTable(table));
      EXPECT_TRUE(worker_->listen("http", std::move(fd)));
    });
  }
  ~WorkerTest() override {
    run([this] { worker_->eventLoop().stop(); });
    thread_.join();
  }
  void run(const std::function<void()>& what) {
    auto done = std::make_shared<std::promise<void>>();
    worker_->eventLoop().post([what, done] {
      what();
      done->set_value();
    });
    done->get_future().get();
  }
  void awaitNothingOpen() {
    while (counts_.requests != 0 || counts_.connections != 0 || counts_.tries != 0) {
      std::this_thread::yield();
    }
  }
  Fd accepted() { return Fd(accept4(upstream_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

  static constexpr nanoseconds head_ = milliseconds(20);
  RealClock clock_;
  testing::FakeRng rng_;
  Counts counts_;
  Fd upstream_;
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

constexpr std::string_view kPost = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";

/// The time for a request's head is not the time for its response.
TEST_F(WorkerTest, AFirstRequestMayTakeLongerThanItsHead) {
  const Fd client = dial(port_);
  say(client, kPost);
  const Fd server = accepted();
  hear(server, "\r\n\r\nhi");
  const MonoTime asked = clock_.mono();
  while (clock_.mono() < asked + 3 * head_) {
    run([] {});  // the worker's timers have had their turn
  }
  say(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(hear(client, "\r\n\r\nok").starts_with("HTTP/1.1 200"));
}

TEST_F(WorkerTest, AClientThatBreaksOffWhileItWaitsIsCounted) {
  Fd client = dial(port_);
  say(client, kPost);
  const Fd server = accepted();
  hear(server, "\r\n\r\nhi");
  resetOnClose(client.get());
  client.reset();
  awaitNothingOpen();
}

TEST_F(WorkerTest, MayEndWithEverythingInFlight) {
  const Fd waiting = dial(port_);
  say(waiting, kPost);
  const Fd server = accepted();
  hear(server, "\r\n\r\nhi");
  const Fd half = dial(port_);
  say(half, "GET / HT");
}

}  // namespace
}  // namespace hitless::sys
