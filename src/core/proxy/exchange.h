#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "core/proxy/call.h"
#include "core/proxy/replay/replay.h"
#include "core/proxy/request_record.h"
#include "core/proxy/route_table.h"
#include "core/proxy/routing/routes.h"
#include "core/proxy/session.h"

namespace hitless::proxy {

/// The client's connection.
struct DownstreamInfo {
  std::string listener;  ///< Its name.
  Address local;         ///< As the client sees it: before any redirect.
  Address remote;
  std::string serverName;
  HttpVersion version = HttpVersion::k11;
};

/// What the exchanges of one worker have in common.
struct ExchangeContext {
  Upstreams& upstreams;
  const Clock& clock;
  Rng& rng;
  ReplayBudget& budget;
  /// At the edge of the mesh: X-Forwarded-For and -Proto are ours to write.
  bool edge = false;
};

/// Where a request goes. `table` keeps the rest alive.
struct Routed {
  std::shared_ptr<const RouteTable> table;
  const routing::Routes* routes = nullptr;  ///< The listener's; nullptr if it is gone.
  routing::Match match;
};

/// Who owns an exchange: the client's connection.
class ExchangeOwner {
 public:
  virtual ~ExchangeOwner() = default;
  virtual ServerSession& session() = 0;
  virtual const DownstreamInfo& info() const = 0;
  /// The session has output.
  virtual void flush() = 0;
  /// The exchange is over: count and log its record, and destroy it later, not now.
  virtual void over(StreamId stream, const RequestRecord& record) = 0;
  /// Call Exchange::timeout() then; replaces what was asked before.
  virtual void wakeAt(StreamId stream, MonoTime time) = 0;
  /// The upstream has accepted an upgrade.
  virtual void upgraded() = 0;
  /// Where the request goes, by the table that holds now.
  virtual Routed route(const RequestHead& head) = 0;
  /// As it is now; nullptr if there is none of this name any more.
  virtual std::shared_ptr<const Cluster> cluster(const std::string& name) = 0;
};

/// One request and its response, from the client's stream to as many tries upstream as it takes.
class Exchange final : private CallEvents {
 public:
  Exchange(const ExchangeContext& context, ExchangeOwner& owner, StreamId stream);
  ~Exchange() override;

  /// What the client's session says; see ServerEvents.
  void request(RequestHead head, bool end);
  void data(std::string_view bytes, bool end);
  void trailers(Fields trailers);
  /// The client gave up.
  void reset(StreamError error);
  void drained();

  void timeout();
  /// Nothing has come or gone for too long.
  void idle();
  /// The proxy ends before the exchange does: what no upstream has seen is answered so that it can
  /// be sent elsewhere, the rest is cut.
  void cut();

  const RequestRecord& record() const { return record_; }
  StreamId stream() const { return stream_; }
  MonoTime started() const { return started_; }

 private:
  enum class State : std::uint8_t {
    kNew,
    kConnecting,  ///< A call waits for its connection.
    kOpen,        ///< The request is on its way, or the response.
    kOver,
  };

  void connected() override;
  void interim(ResponseHead head) override;
  void response(ResponseHead head, bool end) override;
  void responseData(std::string_view bytes, bool end) override;
  void responseTrailers(Fields trailers) override;
  void failed(const CallFailure& failure) override;
  void callDrained() override;

  void note(const RequestHead& head);
  void noteResponse(const ResponseHead& head);
  void forwardHead();
  void addForwarded();
  void startCall();
  bool startCallLater();
  void refreshCluster();
  void armTimeout();
  void keep(std::string_view bytes);
  void forgetBody();
  void endTunnel(std::string_view last);
  void settleClient(std::size_t bytes);
  bool retryAfter(const ResponseHead& head);
  bool again(const CallFailure& failure);
  void giveUp(const CallFailure& last);
  void answer(LocalAnswer answer);
  void answerDirectly(const ResponseHead& head);
  void cutResponse(const LocalAnswer& why);
  void finish();

  const ExchangeContext& context_;
  ExchangeOwner& owner_;
  StreamId stream_;
  State state_ = State::kNew;
  MonoTime started_{};
  MonoTime callStarted_{};
  RequestRecord record_;
  RequestHead head_;
  Routed routed_;
  const WeightedCluster* backend_ = nullptr;
  std::shared_ptr<const Cluster> cluster_;
  std::unique_ptr<Call> call_;
  std::vector<Address> avoid_;
  bool replaying_ = false;  ///< The try under way holds a place of the budget.
  std::string body_;        ///< What came of the request, as long as it can be sent again.
  bool bodyKept_ = true;
  bool requestEnded_ = false;
  std::optional<Fields> trailers_;
  bool responseBegun_ = false;
  /// How a try before the one under way ended that may have delivered the request.
  std::optional<CallFailure> delivered_;
  std::size_t owedToClient_ = 0;  ///< consumed() of the request that waits for callDrained().
  std::size_t owedToCall_ = 0;    ///< consumed() of the response that waits for drained().
  std::optional<MonoTime> deadline_;
  std::optional<MonoTime> attemptDeadline_;
  std::optional<MonoTime> nextCall_;  ///< When all upstreams have been tried.
  unsigned rounds_ = 0;
};

}  // namespace hitless::proxy
