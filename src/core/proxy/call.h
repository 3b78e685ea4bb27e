#pragma once

#include <memory>
#include <string>

#include "core/proxy/replay/failure.h"
#include "core/proxy/request_record.h"
#include "core/proxy/route_table.h"
#include "core/proxy/session.h"

/// How an exchange reaches an upstream: a seam. The real one keeps pools of connections
/// (sys/proxy).
namespace hitless::proxy {

/// Which upstream is wanted.
struct CallSpec {
  std::shared_ptr<const Cluster> cluster;
  HttpVersion downstream = HttpVersion::k11;  ///< For UpstreamProtocol::kSameAsDownstream.
  Address originalDestination;                ///< For Cluster::originalDestination.
  std::vector<Address> avoid;                 ///< Tried before: taken only if there is no other.
};

/// How a try ended that did not end well.
struct CallFailure {
  enum class Kind : std::uint8_t {
    kNoUpstream,  ///< The cluster has none.
    kOverflow,    ///< Too many requests wait for connections already.
    kFailed,      ///< See `failure`.
  };
  Kind kind = Kind::kFailed;
  Failure failure;
  std::string text;  ///< What the system said: "delayed connect error: 111"; may be empty.
};

struct CallPlace {
  Address upstream;
  Address local;
  std::string pod;
  HttpVersion version = HttpVersion::k11;
};

class CallEvents {
 public:
  virtual ~CallEvents() = default;
  /// A connection is there: call open().
  virtual void connected() = 0;
  virtual void interim(ResponseHead head) = 0;
  virtual void response(ResponseHead head, bool end) = 0;
  virtual void responseData(std::string_view bytes, bool end) = 0;
  virtual void responseTrailers(Fields trailers) = 0;
  virtual void failed(const CallFailure& failure) = 0;
  /// queued() is low again.
  virtual void callDrained() = 0;
};

/// One try at one upstream. Destroying it gives the try up, which is allowed within its events,
/// too.
class Call {
 public:
  virtual ~Call() = default;
  /// Whether open() may be called at once. If not, connected() or failed() comes later; events
  /// never come before Upstreams::call() has returned.
  virtual bool ready() const = 0;
  virtual void open(const RequestHead& head, bool end) = 0;
  virtual void send(std::string_view bytes, bool end) = 0;
  virtual void sendTrailers(const Fields& trailers) = 0;
  virtual void consumed(std::size_t bytes) = 0;
  virtual std::size_t queued() const = 0;
  /// Of the connection, as soon as it is known.
  virtual const CallPlace& place() const = 0;
};

class Upstreams {
 public:
  virtual ~Upstreams() = default;
  /// Never nullptr.
  virtual std::unique_ptr<Call> call(const CallSpec& spec, CallEvents& events) = 0;
};

}  // namespace hitless::proxy
