#include "sys/dns/tcp_connection.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <utility>

namespace hitless::sys {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kLengthSize = 2;
constexpr std::size_t kFirstInput = 4096;

}  // namespace

DnsConnection::DnsConnection(boost::asio::io_context& io, nanoseconds idle, Handlers handlers)
    : socket_(io), timer_(io), idle_(idle), handlers_(std::move(handlers)), input_(kFirstInput) {}

std::shared_ptr<DnsConnection> DnsConnection::open(boost::asio::io_context& io,
                                                   const tcp::endpoint& to, nanoseconds idle,
                                                   Handlers handlers) {
  std::shared_ptr<DnsConnection> out(new DnsConnection(io, idle, std::move(handlers)));
  out->start(to);
  return out;
}

void DnsConnection::start(const tcp::endpoint& to) {
  socket_.async_connect(to, [self = shared_from_this()](const error_code& error) {
    if (!self->open_) {
      return;
    }
    if (error) {
      self->fail();
      return;
    }
    error_code ignored;
    self->socket_.set_option(tcp::no_delay(true), ignored);
    self->connected_ = true;
    self->write();
    self->read();
  });
}

void DnsConnection::send(dns::ByteView message) {
  const std::size_t begin = waiting_.size();
  waiting_.resize(begin + kLengthSize + message.size());
  dns::writeU16(waiting_, begin, static_cast<std::uint16_t>(message.size()));
  std::copy(message.begin(), message.end(),
            waiting_.begin() + static_cast<std::ptrdiff_t>(begin + kLengthSize));
  write();
}

void DnsConnection::write() {
  if (!connected_ || writing_ || waiting_.empty()) {
    return;
  }
  writing_ = true;
  leaving_ = std::exchange(waiting_, {});
  boost::asio::async_write(socket_, boost::asio::buffer(leaving_),
                           [self = shared_from_this()](const error_code& error, std::size_t) {
                             self->writing_ = false;
                             if (!self->open_) {
                               return;
                             }
                             if (error) {
                               self->fail();
                             } else {
                               self->write();
                             }
                           });
}

void DnsConnection::read() {
  const auto room = boost::asio::buffer(input_.data() + filled_, input_.size() - filled_);
  socket_.async_read_some(room,
                          [self = shared_from_this()](const error_code& error, std::size_t size) {
                            if (!self->open_) {
                              return;
                            }
                            if (error) {
                              self->fail();
                              return;
                            }
                            self->filled_ += size;
                            self->takeMessages();
                            if (self->open_) {
                              self->read();
                            }
                          });
}

/// Hands on the whole messages of the input, and makes room for the next one.
void DnsConnection::takeMessages() {
  const dns::ByteView all(input_.data(), filled_);
  std::size_t at = 0;
  std::size_t needed = kFirstInput;
  while (open_ && filled_ - at >= kLengthSize) {
    const std::size_t size = dns::readU16(all, at);
    if (filled_ - at < kLengthSize + size) {
      needed = kLengthSize + size;
      break;
    }
    handlers_.message(all.subspan(at + kLengthSize, size));
    at += kLengthSize + size;
  }
  std::copy(input_.begin() + static_cast<std::ptrdiff_t>(at),
            input_.begin() + static_cast<std::ptrdiff_t>(filled_), input_.begin());
  filled_ -= at;
  if (input_.size() < std::max(needed, filled_ + 1)) {
    input_.resize(std::max(needed, filled_ + 1));
  }
}

void DnsConnection::setIdle(bool idle) {
  idling_ = idle && open_;
  timer_.cancel();
  if (!idling_) {
    return;
  }
  timer_.expires_after(idle_);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled && self->open_ && self->idling_) {
      self->fail();
    }
  });
}

void DnsConnection::fail() {
  const auto closed = std::move(handlers_.closed);
  close();
  closed();
}

void DnsConnection::close() {
  open_ = false;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace hitless::sys
