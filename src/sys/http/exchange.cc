#include "sys/http/exchange.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>

#include "sys/http/response_reader.h"

namespace hitless::sys {
namespace {

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(boost::asio::io_context& io, std::shared_ptr<Channel> channel, ExchangeOptions options,
           std::string request, std::function<void(ExchangeResult)> done)
      : channel_(std::move(channel)),
        options_(std::move(options)),
        request_(std::move(request)),
        done_(std::move(done)),
        timer_(io),
        reader_(options_.headRequest, options_.maxBody) {}

  void start() {
    timer_.expires_after(options_.timeout);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) {
        self->finish(
            fail(ErrorKind::kUnavailable,
                 fmt::format("no answer within {} ms", self->options_.timeout / milliseconds(1))));
      }
    });
    if (options_.connected) {
      return send();
    }
    channel_->connect(options_.host, options_.port, [self = shared_from_this()](Status status) {
      status ? self->send() : self->finish(tl::unexpected<Error>(std::move(status).error()));
    });
  }

 private:
  void send() {
    if (!done_) {
      return;
    }
    channel_->write(std::move(request_), [self = shared_from_this()](Status status) {
      // A server may answer (413, 401) and close before it has read everything: read either way.
      self->sent_ = status.has_value();
      if (!status) {
        self->writeError_ = std::move(status).error();
      }
    });
    receive();
  }

  void receive() {
    channel_->read([self = shared_from_this()](Result<std::string_view> bytes) {
      self->onBytes(std::move(bytes));
    });
  }

  void onBytes(Result<std::string_view> bytes) {
    if (!done_) {
      return;
    }
    if (!bytes) {
      return finish(tl::unexpected<Error>(writeError_.value_or(std::move(bytes).error())));
    }
    answered_ = answered_ || !bytes->empty();
    if (const Status status = bytes->empty() ? reader_.end() : reader_.put(*bytes); !status) {
      return finish(tl::unexpected<Error>(status.error()));
    }
    reader_.done() ? finish(reader_.take()) : receive();
  }

  void finish(Result<HttpResponse> response) {
    if (!done_) {
      return;
    }
    timer_.cancel();
    const bool reusable = response && reader_.keepAlive() && sent_;
    if (!reusable) {
      channel_->close();
    }
    if (!response && response.error().subject.empty()) {
      response.error().subject =
          options_.port == 0 ? options_.host : fmt::format("{}:{}", options_.host, options_.port);
    }
    const auto done = std::exchange(done_, nullptr);
    done({std::move(response), answered_, reusable});
  }

  std::shared_ptr<Channel> channel_;
  ExchangeOptions options_;
  std::string request_;
  std::function<void(ExchangeResult)> done_;
  boost::asio::steady_timer timer_;
  ResponseReader reader_;
  std::optional<Error> writeError_;
  bool sent_ = false;
  bool answered_ = false;
};

}  // namespace

void runExchange(boost::asio::io_context& io, std::shared_ptr<Channel> channel,
                 ExchangeOptions options, std::string request,
                 std::function<void(ExchangeResult)> done) {
  std::make_shared<Exchange>(io, std::move(channel), std::move(options), std::move(request),
                             std::move(done))
      ->start();
}

}  // namespace hitless::sys
