#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/dns/upstreams.h"
#include "testing/dns_messages.h"

namespace hitless::testing {

/// A name server at a port of 127.0.0.1, by UDP and TCP, that says what a test wants.
class DnsServer {
 public:
  /// The whole message to answer with; nullopt: silence.
  using Script = std::function<std::optional<Bytes>(dns::ByteView query, dns::Transport via)>;

  DnsServer(boost::asio::io_context& io, Script script)
      : script_(std::move(script)),
        udp_(io, {boost::asio::ip::address_v4::loopback(), 0}),
        acceptor_(io, {boost::asio::ip::address_v4::loopback(), udp_.local_endpoint().port()}),
        buffer_(dns::kMaxMessage) {
    receive();
    accept();
  }

  dns::UpstreamAddress address() const {
    return {*IpAddress::parse("127.0.0.1"), udp_.local_endpoint().port()};
  }
  /// No connection is taken any more, and those that are there end.
  void closeConnections() {
    for (const auto& connection : connections_) {
      boost::system::error_code ignored;
      connection->socket.close(ignored);
    }
    connections_.clear();
  }

  int queries = 0;
  int accepted = 0;
  std::multiset<std::uint16_t> ports;  ///< Where UDP queries came from.
  std::multiset<std::uint16_t> ids;

 private:
  struct Connection {
    explicit Connection(boost::asio::ip::tcp::socket from) : socket(std::move(from)) {}
    boost::asio::ip::tcp::socket socket;
    Bytes length = Bytes(2);
    Bytes message;
  };

  std::optional<Bytes> answerTo(dns::ByteView query, dns::Transport via) {
    ++queries;
    ids.insert(dns::readU16(query, 0));
    return script_(query, via);
  }
  void receive() {
    udp_.async_receive_from(boost::asio::buffer(buffer_), from_,
                            [this](const boost::system::error_code& error, std::size_t size) {
                              if (error == boost::asio::error::operation_aborted) {
                                return;
                              }
                              if (!error) {
                                ports.insert(from_.port());
                                const auto out = answerTo(dns::ByteView(buffer_).first(size),
                                                          dns::Transport::kUdp);
                                boost::system::error_code ignored;
                                if (out) {
                                  udp_.send_to(boost::asio::buffer(*out), from_, 0, ignored);
                                }
                              }
                              receive();
                            });
  }
  void accept() {
    acceptor_.async_accept(
        [this](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
          if (error) {
            return;
          }
          ++accepted;
          connections_.push_back(std::make_shared<Connection>(std::move(socket)));
          readLength(connections_.back());
          accept();
        });
  }
  void readLength(const std::shared_ptr<Connection>& connection) {
    boost::asio::async_read(
        connection->socket, boost::asio::buffer(connection->length),
        [this, connection](const boost::system::error_code& error, std::size_t) {
          if (!error) {
            connection->message.resize(dns::readU16(connection->length, 0));
            readMessage(connection);
          }
        });
  }
  void readMessage(const std::shared_ptr<Connection>& connection) {
    boost::asio::async_read(
        connection->socket, boost::asio::buffer(connection->message),
        [this, connection](const boost::system::error_code& error, std::size_t) {
          if (error) {
            return;
          }
          const auto out = answerTo(connection->message, dns::Transport::kTcp);
          if (out) {
            Bytes framed;
            put16(framed, static_cast<std::uint32_t>(out->size()));
            framed.insert(framed.end(), out->begin(), out->end());
            boost::system::error_code ignored;
            boost::asio::write(connection->socket, boost::asio::buffer(framed), ignored);
          }
          readLength(connection);
        });
  }

  Script script_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::udp::endpoint from_;
  Bytes buffer_;
  std::vector<std::shared_ptr<Connection>> connections_;
};

}  // namespace hitless::testing
