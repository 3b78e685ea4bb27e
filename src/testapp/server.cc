#include "testapp/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "testapp/connection.h"
#include "testapp/http2_session.h"

namespace hitless::testapp {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr std::size_t kReadSize = 16 * 1024;
/// As long as Go's http.Server.Shutdown waits for the first request of a new connection.
constexpr std::chrono::seconds kFreshWait{5};

class Server {
 public:
  explicit Server(const Options& options) : options_(options) {}
  int run();

 private:
  struct Client {
    std::unique_ptr<Session> session;
    bool wantsWrite = false;
  };

  bool openSignals();
  bool listen();
  bool bindTo(int family);
  void watch(int fd, std::uint32_t events, int operation);
  void handle(int fd, std::uint32_t events);
  void accept();
  void readFrom(int fd);
  void advance(int fd);
  void write(int fd);
  void close(int fd);
  void onSignal();
  void tellAll();
  void closeIdle(TimePoint now);
  void wakeDelayed(TimePoint now);
  int timeout(TimePoint now) const;
  bool finished(TimePoint now) const;
  std::size_t inFlight() const;
  int bye() const;

  const Options& options_;
  int epoll_ = -1;
  int signals_ = -1;
  int listener_ = -1;
  bool accepting_ = true;  ///< False while out of descriptors.
  bool terminating_ = false;
  bool exitNow_ = false;
  TimePoint listenAt_{};
  TimePoint exitBy_{};
  TimePoint freshUntil_{};  ///< After SIGTERM: how long a first request is waited for.
  Counts counts_;
  std::unordered_map<int, Client> clients_;
  struct Waiting {
    int fd = -1;
    std::int32_t request = 0;
  };
  std::multimap<TimePoint, Waiting> delayed_;
};

void say(const char* what) {
  std::fprintf(stderr, "hitless-testapp: %s: %s\n", what, std::strerror(errno));
}

bool Server::openSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (signals_ < 0 || epoll_ < 0) {
    say("cannot watch for signals");
    return false;
  }
  watch(signals_, EPOLLIN, EPOLL_CTL_ADD);
  return true;
}

/// A dual-stack socket where there is IPv6, else IPv4 alone.
bool Server::bindTo(int family) {
  listener_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ < 0) {
    return false;
  }
  const int on = 1;
  const int off = 0;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(options_.port);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(options_.port);
  if (family == AF_INET6) {
    setsockopt(listener_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  const auto* address = family == AF_INET6 ? reinterpret_cast<const sockaddr*>(&six)
                                           : reinterpret_cast<const sockaddr*>(&four);
  if (bind(listener_, address, family == AF_INET6 ? sizeof six : sizeof four) == 0 &&
      ::listen(listener_, SOMAXCONN) == 0) {
    return true;
  }
  const int error = errno;
  ::close(listener_);
  listener_ = -1;
  errno = error;
  return false;
}

bool Server::listen() {
  if (!bindTo(AF_INET6) && !bindTo(AF_INET)) {
    say("cannot listen");
    return false;
  }
  sockaddr_in6 bound{};
  socklen_t size = sizeof bound;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size);
  watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  std::printf("hitless-testapp: listening on port %d as %s, on SIGTERM %s\n",
              ntohs(bound.sin6_port), options_.podName.c_str(), name(options_.onSigterm));
  return true;
}

void Server::watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_, operation, fd, &event);
}

void Server::accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) {
        watch(listener_, 0, EPOLL_CTL_MOD);  // close() asks again
        accepting_ = false;
      }
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    clients_[fd].session = std::make_unique<Connection>(options_.podName, counts_);
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void Server::handle(int fd, std::uint32_t events) {
  if (fd == signals_) {
    onSignal();
  } else if (fd == listener_) {
    accept();
  } else if (clients_.count(fd) == 0) {
    return;
  } else if ((events & EPOLLOUT) != 0) {
    write(fd);
    advance(fd);
  } else {
    readFrom(fd);
  }
}

void Server::readFrom(int fd) {
  char buffer[kReadSize];
  const ssize_t count = recv(fd, buffer, sizeof buffer, 0);
  const std::string_view bytes(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
  Client& client = clients_[fd];
  if (client.session->fresh() && isHttp2Preface(bytes)) {
    client.session = std::make_unique<Http2Session>(options_.podName, counts_);
  }
  if (count > 0 && client.session->receive(bytes)) {
    advance(fd);
  } else if (count >= 0 || (errno != EAGAIN && errno != EINTR)) {
    close(fd);
  }
}

/// Reads requests and writes answers until one of the two has to wait.
void Server::advance(int fd) {
  for (auto found = clients_.find(fd); found != clients_.end(); found = clients_.find(fd)) {
    Client& client = found->second;
    while (const auto delay = client.session->advance(terminating_)) {
      const auto wait = std::chrono::duration<double>(delay->seconds);
      delayed_.emplace(
          SteadyClock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(wait),
          Waiting{fd, delay->request});
    }
    if (client.session->pending().empty() || client.wantsWrite) {
      return;
    }
    write(fd);
  }
}

void Server::write(int fd) {
  Client& client = clients_[fd];
  while (!client.session->pending().empty()) {
    const std::string_view bytes = client.session->pending();
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      client.wantsWrite = true;
      watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
      return;
    }
    if (count < 0) {
      close(fd);
      return;
    }
    client.session->wrote(static_cast<std::size_t>(count));
  }
  if (client.wantsWrite) {
    client.wantsWrite = false;
    watch(fd, EPOLLIN, EPOLL_CTL_MOD);
  }
  const bool leave = terminating_ && options_.onSigterm == OnSigterm::kStopAccepting;
  if (client.session->finished() || (leave && client.session->idle())) {
    close(fd);
  }
}

void Server::close(int fd) {
  const auto client = clients_.find(fd);
  if (client == clients_.end()) {
    return;
  }
  std::erase_if(delayed_, [fd](const auto& entry) { return entry.second.fd == fd; });
  clients_.erase(client);
  ::close(fd);
  if (!accepting_ && listener_ >= 0) {
    accepting_ = true;
    watch(listener_, EPOLLIN, EPOLL_CTL_MOD);
  }
}

std::size_t Server::inFlight() const {
  std::size_t count = 0;
  for (const auto& [fd, client] : clients_) {
    count += client.session->inFlight();
  }
  return count;
}

void Server::onSignal() {
  signalfd_siginfo info;
  if (read(signals_, &info, sizeof info) != sizeof info || terminating_) {
    return;
  }
  terminating_ = true;
  exitBy_ = SteadyClock::now() + options_.drainTime;
  exitNow_ = options_.onSigterm == OnSigterm::kExit;
  if (options_.onSigterm != OnSigterm::kDrain && listener_ >= 0) {
    ::close(listener_);
    listener_ = -1;
  }
  const auto idle = std::count_if(clients_.begin(), clients_.end(), [](const auto& entry) {
    return entry.second.session->inFlight() == 0;
  });
  std::printf("hitless-testapp: %s: %zu requests in flight, %td connections idle, %s\n",
              info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT", inFlight(), idle,
              name(options_.onSigterm));
  if (options_.onSigterm == OnSigterm::kStopAccepting) {
    freshUntil_ = SteadyClock::now() + kFreshWait;
    closeIdle(SteadyClock::now());
  }
  tellAll();
}

/// Lets every connection say that the server takes its leave.
void Server::tellAll() {
  std::vector<int> fds;
  for (const auto& [fd, client] : clients_) {
    fds.push_back(fd);
  }
  for (const int fd : fds) {
    advance(fd);
  }
}

/// Connections that never carried a request are kept for a while: their first request is on its
/// way.
void Server::closeIdle(TimePoint now) {
  for (auto client = clients_.begin(); client != clients_.end();) {
    const auto next = std::next(client);
    const bool awaited = client->second.session->fresh() && now < freshUntil_;
    if (client->second.session->idle() && !awaited) {
      close(client->first);
    }
    client = next;
  }
}

void Server::wakeDelayed(TimePoint now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const auto [fd, request] = delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    clients_[fd].session->wake(request, terminating_);
    write(fd);
    advance(fd);
  }
}

/// Milliseconds until the next thing that time brings, rounded up; -1 for none.
int Server::timeout(TimePoint now) const {
  TimePoint next = TimePoint::max();
  if (!delayed_.empty()) {
    next = delayed_.begin()->first;
  }
  if (terminating_) {
    next = std::min({next, exitBy_, now < freshUntil_ ? freshUntil_ : exitBy_});
  } else if (listener_ < 0) {
    next = std::min(next, listenAt_);
  }
  if (next == TimePoint::max()) {
    return -1;
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return wait < 0 ? 0 : static_cast<int>(wait);
}

bool Server::finished(TimePoint now) const {
  return exitNow_ || (terminating_ && (clients_.empty() || now >= exitBy_));
}

int Server::bye() const {
  std::printf("hitless-testapp: exit after %llu requests: %llu answered, %zu cut\n",
              static_cast<unsigned long long>(counts_.received),
              static_cast<unsigned long long>(counts_.answered), inFlight());
  return 0;
}

int Server::run() {
  if (!openSignals()) {
    return 1;
  }
  listenAt_ = SteadyClock::now() + options_.startupDelay;
  for (TimePoint now = SteadyClock::now(); !finished(now); now = SteadyClock::now()) {
    if (!terminating_ && listener_ < 0 && now >= listenAt_ && !listen()) {
      return 1;
    }
    epoll_event events[64];
    const int count = epoll_wait(epoll_, events, 64, timeout(now));
    for (int i = 0; i < count && !exitNow_; ++i) {
      handle(events[i].data.fd, events[i].events);
    }
    wakeDelayed(SteadyClock::now());
    if (terminating_ && options_.onSigterm == OnSigterm::kStopAccepting) {
      closeIdle(SteadyClock::now());
    }
  }
  return bye();
}

/// As many descriptors as the hard limit gives: a load test opens many connections.
void raiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

int serve(const Options& options) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  raiseDescriptorLimit();
  return Server(options).run();
}

}  // namespace hitless::testapp
