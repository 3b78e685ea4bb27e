#include "sys/dns/tcp_door.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <vector>

namespace hitless::sys {
namespace {

using boost::asio::ip::tcp;

constexpr std::size_t kLengthSize = 2;
/// An accept that failed (no file descriptors left) is tried again.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

IpAddress addressOf(const boost::asio::ip::address& address) {
  return address.is_v4() ? IpAddress::v4(address.to_v4().to_uint())
                         : IpAddress::v6(address.to_v6().to_bytes());
}

}  // namespace

class TcpDoor::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<TcpDoor> door, tcp::socket socket, const tcp::endpoint& peer)
      : door_(std::move(door)),
        socket_(std::move(socket)),
        idle_(door_->parts_.io),
        client_(addressOf(peer.address())),
        port_(peer.port()) {}

  void start() {
    restartIdle();
    readLength();
  }
  void close() {
    boost::system::error_code ignored;
    idle_.cancel();
    socket_.close(ignored);
  }

 private:
  void readLength();
  void readMessage();
  void serve();
  void write(dns::ByteView message);
  void writeNext();
  void answered() {
    --unanswered_;
    if (saidAll_ && unanswered_ == 0) {
      return end();
    }
    if (paused_) {
      paused_ = false;
      readLength();
    }
  }
  void restartIdle();
  void end();

  std::shared_ptr<TcpDoor> door_;
  tcp::socket socket_;
  boost::asio::steady_timer idle_;
  IpAddress client_;
  std::uint16_t port_;
  std::array<std::uint8_t, kLengthSize> length_{};
  std::vector<std::uint8_t> message_;
  std::deque<std::vector<std::uint8_t>> out_;  ///< The first is being written.
  std::size_t unanswered_ = 0;                 ///< Also answers that are not written yet.
  bool paused_ = false;
  bool saidAll_ = false;  ///< The client has closed its side.
};

void TcpDoor::Connection::end() {
  close();
  door_->connections_.erase(shared_from_this());
}

void TcpDoor::Connection::restartIdle() {
  idle_.expires_after(door_->options_.idle);
  idle_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) {
      self->end();
    }
  });
}

void TcpDoor::Connection::readLength() {
  if (unanswered_ >= door_->options_.maxUnanswered) {
    paused_ = true;
    return;
  }
  boost::asio::async_read(socket_, boost::asio::buffer(length_),
                          [self = shared_from_this()](const auto& error, std::size_t) {
                            if (error == boost::asio::error::eof && self->unanswered_ > 0) {
                              self->saidAll_ = true;  // But it still listens.
                              return;
                            }
                            if (error) {
                              return self->end();
                            }
                            self->readMessage();
                          });
}

void TcpDoor::Connection::readMessage() {
  message_.resize(dns::readU16(length_, 0));
  boost::asio::async_read(socket_, boost::asio::buffer(message_),
                          [self = shared_from_this()](const auto& error, std::size_t) {
                            if (error) {
                              return self->end();
                            }
                            self->restartIdle();
                            self->serve();
                          });
}

void TcpDoor::Connection::serve() {
  static thread_local std::vector<std::uint8_t> answer(dns::kMaxMessage);
  ++unanswered_;
  bool waits = false;
  const std::function<dns::Reply()> later = [&] {
    waits = true;
    return [weak = weak_from_this()](dns::ByteView message) {
      if (const auto self = weak.lock()) {
        self->write(message);
      }
    };
  };
  {
    const MonoTime begin = door_->parts_.clock.mono();
    const Published::Reading reading = door_->parts_.published.read();
    const std::size_t size = door_->parts_.responder.receive(
        reading.view(), {message_, dns::Transport::kTcp, client_, port_}, begin, answer, later);
    if (size > 0) {
      write({answer.data(), size});
    } else if (!waits) {
      return end();  // No query: whoever sent it does not speak DNS.
    }
    door_->parts_.served();
    door_->parts_.responder.batchTook(door_->parts_.clock.mono() - begin);
  }
  readLength();
}

void TcpDoor::Connection::write(dns::ByteView message) {
  std::vector<std::uint8_t> framed(kLengthSize + message.size());
  dns::writeU16(framed, 0, static_cast<std::uint16_t>(message.size()));
  std::copy(message.begin(), message.end(), framed.begin() + kLengthSize);
  out_.push_back(std::move(framed));
  if (out_.size() == 1) {
    writeNext();
  }
}

void TcpDoor::Connection::writeNext() {
  boost::asio::async_write(socket_, boost::asio::buffer(out_.front()),
                           [self = shared_from_this()](const auto& error, std::size_t) {
                             if (error) {
                               return self->end();
                             }
                             self->out_.pop_front();
                             self->restartIdle();
                             if (!self->out_.empty()) {
                               self->writeNext();
                             }
                             self->answered();
                           });
}

TcpDoor::TcpDoor(DoorParts parts, Fd socket, const IpAddress& address, TcpDoorOptions options)
    : parts_(std::move(parts)), options_(options), acceptor_(parts_.io) {
  acceptor_.assign(address.isV4() ? tcp::v4() : tcp::v6(), socket.release());
}

TcpDoor::~TcpDoor() = default;

std::shared_ptr<TcpDoor> TcpDoor::open(DoorParts parts, Fd socket, const IpAddress& address,
                                       TcpDoorOptions options) {
  std::shared_ptr<TcpDoor> door(new TcpDoor(std::move(parts), std::move(socket), address, options));
  door->accept();
  return door;
}

void TcpDoor::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& connection : std::exchange(connections_, {})) {
    connection->close();
  }
}

void TcpDoor::accept() {
  auto peer = std::make_shared<tcp::endpoint>();
  acceptor_.async_accept(*peer, [self = shared_from_this(), peer](
                                    const boost::system::error_code& error, tcp::socket socket) {
    if (!self->acceptor_.is_open()) {
      return;
    }
    if (error) {
      auto pause = std::make_shared<boost::asio::steady_timer>(self->parts_.io, kAcceptPause);
      return pause->async_wait([self, pause](const boost::system::error_code&) {
        if (self->acceptor_.is_open()) {
          self->accept();
        }
      });
    }
    if (self->connections_.size() < self->options_.maxConnections) {
      const auto connection = std::make_shared<Connection>(self, std::move(socket), *peer);
      self->connections_.insert(connection);
      connection->start();
    }
    self->accept();
  });
}

}  // namespace hitless::sys
