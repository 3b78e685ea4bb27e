#include "sys/dns/name_server.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <future>

#include "sys/clock/real_clock.h"
#include "sys/dns/sockets.h"

namespace hitless::sys {

/// What the thread owns: nothing here is touched by any other once it runs.
class NameServer::Worker : private dns::Recursor {
 public:
  struct Parts {
    boost::asio::io_context& io;
    const Published& published;
    const Clock& clock;
    std::atomic<bool>& parked;
  };

  Worker(Parts parts, const NameServerOptions& options, dns::Responder::LogSink log)
      : parts_(parts),
        forwarding_(parts.io, parts.clock, rng_, options.forward),
        responder_(options.responder, *this, rng_, std::move(log)),
        timer_(parts.io) {}

  void open(const IpAddress& address, Fd udp, Fd tcp);
  void close(const IpAddress& address);
  void setUpstreams(std::vector<dns::UpstreamGroup> groups) {
    // The groups were checked where they were read.
    [[maybe_unused]] const Status set = forwarding_.setUpstreams(std::move(groups));
  }
  void zoneChanged();
  NameServerStats stats() const { return {responder_.traffic(), forwarding_.stats()}; }
  void stop();

 private:
  struct Doors {
    std::shared_ptr<UdpDoor> udp;
    std::shared_ptr<TcpDoor> tcp;
  };

  std::size_t answerNow(const dns::Query& query, dns::Transport transport, MonoTime now,
                        std::span<std::uint8_t> out) override {
    return forwarding_.answerFromCache(query, transport, now, out);
  }
  void ask(Ticket ticket, const dns::Query& query, dns::Transport transport) override;
  void served();

  Parts parts_;
  RealRng rng_;
  Forwarding forwarding_;
  dns::Responder responder_;
  boost::asio::steady_timer timer_;
  std::optional<MonoTime> armed_;
  std::map<IpAddress, Doors> doors_;
};

void NameServer::Worker::open(const IpAddress& address, Fd udp, Fd tcp) {
  const auto done = [this] { served(); };
  doors_[address] = {
      UdpDoor::open({parts_.io, parts_.clock, parts_.published, responder_, done}, std::move(udp)),
      TcpDoor::open({parts_.io, parts_.clock, parts_.published, responder_, done}, std::move(tcp),
                    address)};
}

void NameServer::Worker::close(const IpAddress& address) {
  const auto it = doors_.find(address);
  if (it != doors_.end()) {
    it->second.udp->close();
    it->second.tcp->close();
    doors_.erase(it);
  }
}

void NameServer::Worker::stop() {
  while (!doors_.empty()) {
    close(IpAddress(doors_.begin()->first));
  }
  timer_.cancel();
  forwarding_.stop();
}

void NameServer::Worker::ask(Ticket ticket, const dns::Query& query, dns::Transport transport) {
  forwarding_.ask(query, transport, [this, ticket](dns::ByteView message) {
    const Published::Reading reading = parts_.published.read();
    responder_.recursed(reading.view(), ticket, message, parts_.clock.mono());
  });
}

void NameServer::Worker::zoneChanged() {
  {
    const Published::Reading reading = parts_.published.read();
    responder_.zoneChanged(reading.view(), parts_.clock.mono());
  }
  served();
}

void NameServer::Worker::served() {
  // Set before the reader lets go of what is published: whoever changes that next looks here.
  parts_.parked.store(responder_.parked());
  const auto deadline = responder_.deadline();
  if (!deadline || (armed_ && *armed_ <= *deadline)) {
    return;
  }
  armed_ = deadline;
  timer_.expires_after(std::max(nanoseconds{}, *deadline - parts_.clock.mono()));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    armed_.reset();
    {
      const Published::Reading reading = parts_.published.read();
      responder_.tick(reading.view(), parts_.clock.mono());
    }
    served();
  });
}

NameServer::NameServer(const Published& published, const Clock& clock, NameServerOptions options,
                       dns::Responder::LogSink log)
    : work_(boost::asio::make_work_guard(io_)),
      options_(std::move(options)),
      worker_(std::make_unique<Worker>(Worker::Parts{io_, published, clock, parked_}, options_,
                                       std::move(log))),
      thread_([this] { run(); }) {}

NameServer::~NameServer() {
  boost::asio::post(io_, [this] { worker_->stop(); });
  work_.reset();
  io_.stop();
  thread_.join();
}

void NameServer::run() {
  ::pthread_setname_np(::pthread_self(), "hitless-dns");
  sigset_t all;  // Signals are for the thread that waits for them.
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  io_.run();
}

std::map<IpAddress, Error> NameServer::listenOn(const std::vector<IpAddress>& addresses) {
  std::map<IpAddress, Error> failed;
  const std::set<IpAddress> wanted(addresses.begin(), addresses.end());
  for (const IpAddress& address : wanted) {
    if (bound_.contains(address)) {
      continue;
    }
    Result<Fd> udp = bindUdp(address, options_.port);
    Result<Fd> tcp = bindTcp(address, options_.port);
    if (!udp || !tcp) {
      failed.emplace(address, udp ? tcp.error() : udp.error());
      continue;
    }
    bound_.insert(address);
    boost::asio::post(io_, [this, address, udp = std::make_shared<Fd>(std::move(*udp)),
                            tcp = std::make_shared<Fd>(std::move(*tcp))] {
      worker_->open(address, std::move(*udp), std::move(*tcp));
    });
  }
  for (auto it = bound_.begin(); it != bound_.end();) {
    if (wanted.contains(*it)) {
      ++it;
      continue;
    }
    boost::asio::post(io_, [this, address = *it] { worker_->close(address); });
    it = bound_.erase(it);
  }
  return failed;
}

void NameServer::setUpstreams(std::vector<dns::UpstreamGroup> groups) {
  boost::asio::post(io_, [this, groups = std::move(groups)]() mutable {
    worker_->setUpstreams(std::move(groups));
  });
}

void NameServer::zoneChanged() {
  if (parked_.load()) {
    boost::asio::post(io_, [this] { worker_->zoneChanged(); });
  }
}

void NameServer::stats(std::function<void(NameServerStats)> deliver) {
  boost::asio::post(io_, [this, deliver = std::move(deliver)] { deliver(worker_->stats()); });
}

}  // namespace hitless::sys
