#include "sys/container/tcp_check.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "base/text.h"

namespace hitless::sys {
namespace {

using boost::asio::ip::tcp;

struct Check {
  Check(boost::asio::io_context& io, std::function<void(Status)> callback)
      : socket(io), timer(io), done(std::move(callback)) {}

  void finish(Status status) {
    if (const auto call = std::exchange(done, nullptr)) {
      timer.cancel();
      boost::system::error_code ignored;
      socket.close(ignored);
      call(std::move(status));
    }
  }

  tcp::socket socket;
  boost::asio::steady_timer timer;
  std::function<void(Status)> done;
};

}  // namespace

void checkTcp(boost::asio::io_context& io, const std::string& address, std::uint16_t port,
              nanoseconds timeout, std::function<void(Status)> done) {
  boost::system::error_code error;
  const auto ip =
      boost::asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) {
    boost::asio::post(io, [done = std::move(done), address] {
      done(invalid(fmt::format("\"{}\" is not an IP address", address)));
    });
    return;
  }
  const std::string target = fmt::format("dial tcp {}:{}: ", address, port);
  auto check = std::make_shared<Check>(io, std::move(done));
  check->timer.expires_after(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout));
  check->timer.async_wait([check, target](const boost::system::error_code& stopped) {
    if (!stopped) {
      check->finish(fail(ErrorKind::kUnavailable, target + "i/o timeout"));
    }
  });
  check->socket.async_connect({ip, port}, [check, target](const boost::system::error_code& failed) {
    if (failed) {
      check->finish(fail(ErrorKind::kUnavailable, target + toLower(failed.message())));
    } else {
      check->finish({});
    }
  });
}

}  // namespace hitless::sys
