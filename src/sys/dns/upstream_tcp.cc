#include "sys/dns/upstream_tcp.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sys/dns/tcp_connection.h"

namespace hitless::sys {

struct TcpExchanges::Question {
  dns::ExchangeId exchange;
  std::vector<std::uint8_t> message;
  bool again = false;  ///< It may be sent once more if the connection ends.

  std::uint16_t id() const { return dns::readU16(message, 0); }
};

struct TcpExchanges::Connection {
  dns::UpstreamAddress to;
  std::shared_ptr<DnsConnection> wire;
  std::vector<Question> open;
  bool retired = false;
};

TcpExchanges::Shared TcpExchanges::connect(const dns::UpstreamAddress& to) {
  auto connection = std::make_shared<Connection>();
  const std::weak_ptr<Connection> weak = connection;
  connection->to = to;
  connection->wire = DnsConnection::open(io_, endpointOf<boost::asio::ip::tcp>(to), idle_,
                                         {[this, weak](dns::ByteView message) {
                                            if (const Shared self = weak.lock()) {
                                              onMessage(self, message);
                                            }
                                          },
                                          [this, weak] {
                                            if (const Shared self = weak.lock()) {
                                              onClosed(self);
                                            }
                                          }});
  connections_[to] = connection;
  return connection;
}

void TcpExchanges::send(dns::ExchangeId exchange, const dns::UpstreamAddress& to,
                        dns::ByteView message) {
  const auto at = connections_.find(to);
  const bool hit = at != connections_.end();
  ++(hit ? counters_.hits : counters_.misses);
  put(hit ? Shared(at->second) : connect(to), {exchange, {message.begin(), message.end()}, hit});
}

void TcpExchanges::put(const Shared& connection, Question question) {
  exchanges_[question.exchange] = connection;
  connection->wire->setIdle(false);
  connection->wire->send(question.message);
  connection->open.push_back(std::move(question));
}

void TcpExchanges::onMessage(const Shared& connection, dns::ByteView message) {
  if (message.size() < 2) {
    return;
  }
  std::vector<dns::ExchangeId> candidates;
  for (const Question& question : connection->open) {
    if (question.id() == dns::readU16(message, 0)) {
      candidates.push_back(question.exchange);
    }
  }
  for (const dns::ExchangeId exchange : candidates) {
    if (exchanges_.contains(exchange) && events_.onReply(exchange, message)) {
      remove(connection, exchange);
      return;
    }
  }
}

void TcpExchanges::remove(const Shared& connection, dns::ExchangeId exchange) {
  exchanges_.erase(exchange);
  std::erase_if(connection->open,
                [&](const Question& question) { return question.exchange == exchange; });
  if (!connection->open.empty()) {
    return;
  }
  if (connection->retired) {
    connection->wire->close();
  } else {
    connection->wire->setIdle(true);
  }
}

void TcpExchanges::retire(const Shared& connection) {
  connection->retired = true;
  const auto at = connections_.find(connection->to);
  if (at != connections_.end() && at->second == connection) {
    connections_.erase(at);
  }
}

void TcpExchanges::onClosed(const Shared& connection) {
  retire(connection);
  for (Question& question : std::exchange(connection->open, {})) {
    if (exchanges_.erase(question.exchange) == 0) {
      continue;  // Cancelled by what the one before led to.
    }
    if (question.again) {
      question.again = false;
      const auto at = connections_.find(connection->to);
      put(at != connections_.end() ? Shared(at->second) : connect(connection->to),
          std::move(question));
    } else {
      events_.onFailure(question.exchange);
    }
  }
}

bool TcpExchanges::cancel(dns::ExchangeId exchange) {
  const auto at = exchanges_.find(exchange);
  if (at == exchanges_.end()) {
    return false;
  }
  const Shared connection = at->second;
  retire(connection);
  remove(connection, exchange);
  return true;
}

void TcpExchanges::cancelAll() {
  for (const auto& [exchange, connection] : exchanges_) {
    connection->open.clear();
    connection->wire->close();
  }
  exchanges_.clear();
  for (const auto& [to, connection] : connections_) {
    connection->wire->close();
  }
  connections_.clear();
}

}  // namespace hitless::sys
