#include "app/proxy/handover.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/text.h"
#include "sys/http/server.h"
#include "sys/http/unix_address.h"

namespace hitless::app {
namespace {

/// The kernel's SCM_MAX_FD.
constexpr std::size_t kMostSockets = 253;
constexpr std::size_t kMostText = 64 * 1024;
constexpr char kConfirmation = '!';
/// A predecessor answers at once, or it is not one.
constexpr timeval kPatience{5, 0};

struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostSockets * sizeof(int))> bytes{};
};

/// A line for each socket: the listener's name.
Result<ListeningSockets> receive(int connection) {
  std::string text(kMostText, '\0');
  Control control;
  iovec piece{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t count = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  if (count <= 0) {
    return fail(ErrorKind::kUnavailable, "the proxy before hands no sockets over",
                "end it and start again, or use another --handover");
  }
  std::vector<sys::Fd> sockets;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      const std::size_t size = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < size; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
        sockets.emplace_back(fd);
      }
    }
  }
  ListeningSockets out;
  const std::string names = text.substr(0, static_cast<std::size_t>(count));
  std::size_t next = 0;
  for (const std::string_view name : split(names, '\n')) {
    if (!name.empty() && next < sockets.size()) {
      out[std::string(name)].push_back(std::move(sockets[next++]));
    }
  }
  return out;
}

Status sendSockets(int connection, const ListeningSockets& sockets) {
  std::string names;
  std::vector<int> fds;
  for (const auto& [name, of] : sockets) {
    for (const sys::Fd& fd : of) {
      names.append(name).append("\n");
      fds.push_back(fd.get());
    }
  }
  if (fds.empty() || fds.size() > kMostSockets || names.size() > kMostText) {
    return invalid("there are no sockets to hand over, or too many");
  }
  Control control;
  iovec piece{names.data(), names.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  if (sendmsg(connection, &message, MSG_NOSIGNAL) != static_cast<ssize_t>(names.size())) {
    return osFail("hand the listening sockets over");
  }
  return {};
}

}  // namespace

Result<Takeover> Takeover::from(const std::string& path) {
  Takeover takeover;
  sys::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = TRY(sys::UnixAddress::of(path));
  if (connect(fd.get(), address.get(), address.size()) != 0) {
    return takeover;
  }
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  takeover.sockets_ = TRY(receive(fd.get()));
  takeover.connection_ = std::move(fd);
  return takeover;
}

Status Takeover::confirm() {
  if (!connection_.valid()) {
    return {};
  }
  if (send(connection_.get(), &kConfirmation, 1, MSG_NOSIGNAL) != 1) {
    return osFail("tell the proxy before that it may leave");
  }
  // It has left the path when it closes.
  char end = 0;
  (void)recv(connection_.get(), &end, 1, 0);
  connection_.reset();
  return {};
}

Handover::Handover(boost::asio::io_context& io, ProxyHost& host, std::function<void()> succeeded)
    : host_(host), succeeded_(std::move(succeeded)), listener_(io), successor_(io) {}

Status Handover::listen(const std::string& path) {
  listener_.assign(TRY(sys::listenUnix(path)));
  accept();
  return {};
}

void Handover::accept() {
  listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (error) {
                           return;
                         }
                         const int fd = accept4(listener_.native_handle(), nullptr, nullptr,
                                                SOCK_CLOEXEC | SOCK_NONBLOCK);
                         fd >= 0 ? give(fd) : accept();
                       });
}

void Handover::give(int fd) {
  successor_.assign(fd);
  if (const Status sent = sendSockets(fd, host_.listeningSockets()); !sent) {
    spdlog::error("{}", sent.error().text());
    successor_.close();
    return accept();
  }
  awaitConfirmation();
}

void Handover::awaitConfirmation() {
  successor_.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [this](const boost::system::error_code& error) {
        char said = 0;
        if (error || recv(successor_.native_handle(), &said, 1, 0) != 1 || said != kConfirmation) {
          successor_.close();  // it has failed: we go on
          return accept();
        }
        spdlog::info("a successor accepts connections on our sockets");
        listener_.close();
        succeeded_();
        successor_.close();
      });
}

}  // namespace hitless::app
