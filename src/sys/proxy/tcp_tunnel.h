#pragma once

#include <array>
#include <memory>
#include <string>

#include "core/proxy/request_record.h"
#include "sys/proxy/event_loop.h"
#include "sys/proxy/transport.h"

namespace hitless::sys {

class TcpTunnel;

/// What a tunnel needs of its worker.
class TunnelContext {
 public:
  virtual ~TunnelContext() = default;
  virtual EventLoop& loop() = 0;
  virtual void tunnelOver(TcpTunnel& tunnel, const proxy::RequestRecord& record) = 0;
};

/// A client's bytes to an upstream and back, whatever they mean. Either side may end its half; the
/// tunnel is over when both have.
class TcpTunnel {
 public:
  struct Origin {
    std::string listener;
    proxy::Address local;
    proxy::Address remote;
    std::string cluster;
    std::string pod;
    std::string serverName;
  };
  TcpTunnel(TunnelContext& context, Fd client, Fd upstream, proxy::Address to, Origin origin);
  ~TcpTunnel();
  TcpTunnel(const TcpTunnel&) = delete;
  TcpTunnel& operator=(const TcpTunnel&) = delete;

  /// The record of one that could not begin.
  static proxy::RequestRecord failed(const Origin& origin, const EventLoop& loop, proxy::Flag why);

  Status start(nanoseconds connectTimeout);
  /// Ends it as it is.
  void cut();
  const proxy::RequestRecord& record() const { return record_; }
  MonoTime started() const { return started_; }

 private:
  static constexpr std::size_t kBuffer = 32 * 1024;

  /// One end: what has been read from it and not been written to the other.
  class Side final : public Watched {
   public:
    Side(TcpTunnel& tunnel, Fd socket) : tunnel_(tunnel), fd(std::move(socket)) {}
    void onEvents(std::uint32_t events) override { tunnel_.onEvents(*this, events); }

   private:
    TcpTunnel& tunnel_;

   public:
    Fd fd;
    std::unique_ptr<std::array<char, kBuffer>> buffer;  ///< While it has something.
    std::size_t begin = 0;
    std::size_t end = 0;
    bool readEnded = false;  ///< FIN has come.
    bool wroteEnd = false;   ///< FIN has been sent.
    bool unwatched = false;  ///< It has nothing more to tell.
    std::uint32_t interest = 0;
    std::uint64_t received = 0;
  };

  void onEvents(Side& side, std::uint32_t events);
  bool pump(Side& from, Side& to);
  void updateInterest(Side& side, const Side& other);
  void over(int error);

  TunnelContext& context_;
  Side client_;
  Side upstream_;
  bool connecting_ = true;
  bool over_ = false;
  MonoTime started_{};
  proxy::RequestRecord record_;
  std::unique_ptr<Timer> connectTimer_;
};

}  // namespace hitless::sys
