#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"
#include "sys/http/server.h"

namespace hitless::app {

/// The agent's HTTP doors: one listening socket for each address, all with the same routes. An
/// address that cannot be bound yet (a predecessor still holds it, or it is not up) is tried again.
class Front {
 public:
  /// Gets requests whose path begins with the prefix, the part after it, and the answer to give.
  using Route = std::function<void(const sys::HttpRequest&, const std::string& rest,
                                   const std::shared_ptr<sys::HttpResponder>&)>;

  using Trouble = std::function<void(const std::string& address, const Error&)>;

  Front(boost::asio::io_context& io, std::uint16_t port) : io_(io), port_(port), retry_(io) {}

  /// `prefix` ends in / if something must follow it; else the whole path must be equal to it.
  void route(std::string prefix, Route route) {
    routes_.emplace(std::move(prefix), std::move(route));
  }
  /// Gets every request that no prefix matches, whatever its method; without it they are told 404.
  void routeRest(Route route) { rest_ = std::move(route); }
  /// Called when an address cannot be bound, once for each; the default writes a warning.
  void onTrouble(Trouble trouble) { trouble_ = std::move(trouble); }
  /// Begins to listen on an address; does nothing if it does already.
  void open(const std::string& address);
  /// Listens on these addresses and no others.
  void listenOn(const std::set<std::string>& addresses);
  void close();
  std::uint16_t port() const { return port_; }

 private:
  Status tryOpen(const std::string& address);
  void retrySoon();
  void serve(const sys::HttpRequest& request, const std::shared_ptr<sys::HttpResponder>& responder);

  boost::asio::io_context& io_;
  std::uint16_t port_;
  Trouble trouble_;
  boost::asio::steady_timer retry_;
  nanoseconds pause_{};
  std::map<std::string, Route> routes_;
  Route rest_;
  std::map<std::string, std::unique_ptr<sys::HttpServer>> doors_;  ///< Null: not open yet.
};

}  // namespace hitless::app
