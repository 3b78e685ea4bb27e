#include "testapp/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

namespace hitless::testapp {
namespace {

/// The application in a child process, on a free port of the loopback.
class App {
 public:
  explicit App(Options options) {
    options.port = 0;
    options.podName = "web-1";
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    std::fflush(nullptr);  // what waits in our buffers is not for the child to say
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      const int status = serve(options);
      std::fflush(stdout);
      _exit(status);
    }
    ::close(ends[1]);
    log_ = fdopen(ends[0], "r");
    EXPECT_EQ(std::sscanf(line().c_str(), "hitless-testapp: listening on port %hu", &port_), 1);
  }
  ~App() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    std::fclose(log_);
  }

  std::string line() {
    char buffer[256] = "";
    return std::fgets(buffer, sizeof buffer, log_) != nullptr ? buffer : "";
  }
  /// Returns once the application has logged that it saw the signal.
  std::string terminate() {
    kill(child_, SIGTERM);
    return line();
  }
  int wait() {
    int status = -1;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::uint16_t port() const { return port_; }

 private:
  pid_t child_ = -1;
  std::FILE* log_ = nullptr;
  std::uint16_t port_ = 0;
};

class Client {
 public:
  explicit Client(const App& app) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(app.port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() { ::close(fd_); }
  bool connected() const { return connected_; }
  void send(const std::string& bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// Up to and including `end`, or what came before the connection closed.
  std::string readUntil(const std::string& end) const {
    std::string got;
    char c;
    while (got.find(end) == std::string::npos && recv(fd_, &c, 1, 0) == 1) {
      got += c;
    }
    return got;
  }
  bool closed() const {
    char c;
    return recv(fd_, &c, 1, 0) == 0;
  }

 private:
  int fd_;
  bool connected_ = false;
};

Options with(OnSigterm mode) {
  Options options;
  options.onSigterm = mode;
  return options;
}

TEST(TestappServer, AnswersAndKeepsTheConnection) {
  App app(with(OnSigterm::kExit));
  const Client client(app);
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(client.readUntil("web-1\n").find("200 OK"), std::string::npos);
  client.send("GET /bytes/20000 HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_GT(client.readUntil("never").size(), 20000U);
  const Client rude(app);
  rude.send("\x16\x03\x01 nonsense\r\n\r\n");
  EXPECT_NE(rude.readUntil("never").find("HTTP/1.1 400 "), std::string::npos);
}

TEST(TestappServer, StopAcceptingFinishesWhatIsInFlight) {
  App app(with(OnSigterm::kStopAccepting));
  const Client idle(app);
  idle.send("GET / HTTP/1.1\r\n\r\n");
  idle.readUntil("web-1\n");
  const Client busy(app);
  busy.send("GET /delay/0.2 HTTP/1.1\r\n\r\n");
  const Client started(app);  // a full round trip: the delayed request has been read by now
  started.send("GET / HTTP/1.1\r\n\r\nGET");
  started.readUntil("web-1\n");
  EXPECT_EQ(app.terminate(),
            "hitless-testapp: SIGTERM: 2 requests in flight, 1 connections idle, stop-accepting\n");
  EXPECT_TRUE(idle.closed());
  EXPECT_FALSE(Client(app).connected());
  started.send(" / HTTP/1.1\r\n\r\n");
  EXPECT_NE(started.readUntil("web-1\n").find("Connection: close"), std::string::npos);
  EXPECT_NE(busy.readUntil("web-1\n").find("Connection: close"), std::string::npos);
  EXPECT_EQ(app.wait(), 0);
  EXPECT_EQ(app.line(), "hitless-testapp: exit after 4 requests: 4 answered, 0 cut\n");
}

TEST(TestappServer, DrainKeepsAcceptingUntilNobodyIsConnected) {
  App app(with(OnSigterm::kDrain));
  const Client before(app);
  before.send("GET / HTTP/1.1\r\n\r\n");
  before.readUntil("web-1\n");
  app.terminate();
  const Client after(app);
  ASSERT_TRUE(after.connected());
  after.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(after.readUntil("web-1\n").find("Connection: close"), std::string::npos);
  EXPECT_TRUE(after.closed());
  before.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(before.readUntil("web-1\n").find("Connection: close"), std::string::npos);
  EXPECT_EQ(app.wait(), 0);
}

TEST(TestappServer, DrainTimeBoundsTheWait) {
  Options options = with(OnSigterm::kDrain);
  options.drainTime = std::chrono::milliseconds{20};
  App app(options);
  const Client idle(app);
  app.terminate();
  EXPECT_EQ(app.wait(), 0);
  EXPECT_TRUE(idle.closed());
}

TEST(TestappServer, ExitCutsWhatIsInFlight) {
  App app(with(OnSigterm::kExit));
  const Client busy(app);
  busy.send("GET /delay/60 HTTP/1.1\r\n\r\n");
  const Client started(app);
  started.send("GET / HTTP/1.1\r\n\r\n");
  started.readUntil("web-1\n");
  app.terminate();
  EXPECT_EQ(app.wait(), 0);
  EXPECT_EQ(busy.readUntil("\n"), "");
  EXPECT_EQ(app.line(), "hitless-testapp: exit after 2 requests: 1 answered, 1 cut\n");
}

}  // namespace
}  // namespace hitless::testapp
