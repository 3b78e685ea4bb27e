#include "app/proxy/proxy_host.h"

#include <fcntl.h>

#include <future>
#include <iterator>

#include "app/proxy/direction.h"
#include "core/proxy/routing/routes.h"
#include "sys/proxy/tcp.h"

namespace hitless::app {

ProxyHost::ProxyHost(boost::asio::io_context& io, const Clock& clock, ProxyHostOptions options)
    : io_(io),
      clock_(clock),
      options_(std::move(options)),
      table_(std::make_shared<proxy::RouteTable>()) {}

ProxyHost::~ProxyHost() {
  stop();
}

Status ProxyHost::start() {
  for (unsigned i = 0; i < options_.workers; ++i) {
    Thread thread;
    auto loop = TRY(sys::EventLoop::open(clock_));
    sys::EventLoop& events = *loop;
    thread.rng = std::make_unique<sys::RealRng>();
    thread.log = std::make_unique<WorkerLog>(options_.accessLog.get(), events);
    thread.worker =
        std::make_unique<sys::Worker>(std::move(loop), *thread.rng, options_.worker, *thread.log);
    thread.thread = std::thread([&events] { events.run(); });
    threads_.push_back(std::move(thread));
  }
  return {};
}

void ProxyHost::stop() {
  for (Thread& thread : threads_) {
    sys::EventLoop& loop = thread.worker->eventLoop();
    loop.post([&loop] { loop.stop(); });
  }
  for (Thread& thread : threads_) {
    thread.thread.join();
    thread.log->write();
  }
  threads_.clear();
}

namespace {

Result<std::vector<sys::Fd>> copies(const std::vector<sys::Fd>& sockets) {
  std::vector<sys::Fd> out;
  for (const sys::Fd& socket : sockets) {
    out.emplace_back(fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!out.back().valid()) {
      return osFail("copy a descriptor");
    }
  }
  return out;
}

}  // namespace

/// At least one for each worker: where the one before had fewer, some are shared. Where it had
/// more, each has to be listened on, too.
Result<std::vector<sys::Fd>> ProxyHost::adoptedFor(const std::string& listener) {
  const auto found = adopted_.find(listener);
  if (found == adopted_.end() || found->second.empty()) {
    return std::vector<sys::Fd>();
  }
  std::vector<sys::Fd> sockets = TRY(copies(found->second));
  while (sockets.size() < options_.workers) {
    std::vector<sys::Fd> more = TRY(copies(found->second));
    std::move(more.begin(), more.end(), std::back_inserter(sockets));
  }
  adopted_.erase(found);
  return sockets;
}

/// A socket for each worker, or more.
Result<std::vector<sys::Fd>> ProxyHost::listenAll(const proxy::Listener& listener) {
  if (auto adopted = TRY(adoptedFor(listener.name)); !adopted.empty()) {
    return adopted;
  }
  std::vector<sys::Fd> sockets;
  for (unsigned i = 0; i < options_.workers; ++i) {
    auto socket = sys::listenOn(listener.address, listener.port, {});
    if (!socket) {
      return tl::unexpected(std::move(socket).error().about("listener " + listener.name));
    }
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

Status ProxyHost::setTable(const std::shared_ptr<const proxy::RouteTable>& table) {
  std::map<std::string, std::vector<sys::Fd>> fresh;
  std::map<std::string, Where> listening;
  for (const auto& routes : table->listeners) {
    const proxy::Listener& listener = routes->listener();
    const Where where{listener.address, listener.port};
    listening[listener.name] = where;
    const auto before = listening_.find(listener.name);
    if (before == listening_.end() || before->second != where) {
      fresh[listener.name] = TRY(listenAll(listener));
    }
  }
  ListeningSockets kept;
  for (const auto& [name, sockets] : fresh) {
    kept[name] = TRY(copies(sockets));
  }
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    sys::Worker& worker = *threads_[i].worker;
    // Shared: set_value() may still be busy with it when the answer has been taken.
    const auto done = std::make_shared<std::promise<Status>>();
    WorkerLog& log = *threads_[i].log;
    worker.eventLoop().post([&, done] {
      for (const auto& routes : table->listeners) {
        log.setListener(routes->listener(), directionOf(routes->listener(), options_.edge));
      }
      Status status = worker.setTable(table);
      for (auto& [name, sockets] : fresh) {
        for (std::size_t k = i; status && k < sockets.size(); k += threads_.size()) {
          status = worker.listen(name, std::move(sockets[k]));
        }
      }
      done->set_value(std::move(status));
    });
    TRY_VOID(done->get_future().get());
  }
  std::erase_if(kept_, [&](const auto& entry) { return !listening.contains(entry.first); });
  for (auto& [name, sockets] : kept) {
    kept_[name] = std::move(sockets);
  }
  table_ = table;
  listening_ = std::move(listening);
  return {};
}

void ProxyHost::tell(const std::function<void(sys::Worker&)>& what) {
  for (Thread& thread : threads_) {
    sys::Worker* const worker = thread.worker.get();
    worker->eventLoop().post([worker, what] { what(*worker); });
  }
}

void ProxyHost::tellLogs(const std::function<void(WorkerLog&)>& what) {
  for (Thread& thread : threads_) {
    WorkerLog* const log = thread.log.get();
    thread.worker->eventLoop().post([log, what] { what(*log); });
  }
}

}  // namespace hitless::app
