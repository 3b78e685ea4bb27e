#include "core/proxy/http2/client_session.h"

#include <algorithm>
#include <array>

namespace hitless::proxy {
namespace {

using http2::HeadReader;
using http2::Stream;

}  // namespace

Http2ClientSession::Http2ClientSession(ClientEvents& events, const Http2Options& options)
    : SessionOn(false, options, events), clientEvents_(events) {
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.streamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.headerListBytes},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(options.connectionWindow));
  toldLimit_ = limit();
  toldOpens_ = opens();
}

std::size_t Http2ClientSession::limit() const {
  const std::uint32_t theirs = greeted_ ? nghttp2_session_get_remote_settings(
                                              session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
                                        : options_.assumedStreams;
  return std::min(theirs, options_.maxConcurrentStreams);
}

std::size_t Http2ClientSession::opens() const {
  if (leaving() || nghttp2_session_check_request_allowed(session_) == 0) {
    return 0;
  }
  return limit() - std::min(limit(), streams_.size());
}

bool Http2ClientSession::takesUpgrades() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) ==
         1;
}

StreamId Http2ClientSession::open(const RequestHead& head, bool end) {
  const bool extended = !head.upgrade.empty() && takesUpgrades();
  block_.request(head, extended);
  const nghttp2_data_provider provider = body();
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, block_.data(), block_.size(),
                                                 end ? nullptr : &provider, nullptr);
  Stream& stream = streams_.add(static_cast<StreamId>(id));
  stream.announced = true;
  stream.sendEnded = end;
  stream.upgrade = extended ? head.upgrade : std::string();
  toldOpens_ = opens();
  return stream.id;
}

void Http2ClientSession::beginBlock(const nghttp2_frame& frame) {
  const auto id = static_cast<StreamId>(frame.hd.stream_id);
  const Stream* stream = streams_.find(id);
  if (stream != nullptr) {
    reading_ = id;
    reader_.begin(stream->headDone ? HeadReader::Kind::kTrailers : HeadReader::Kind::kResponse,
                  options_.headerListBytes);
  }
}

void Http2ClientSession::completeBlock(Stream& stream, bool end) {
  const StreamId id = stream.id;
  if (reader_.size() != HeadReader::Size::kFits) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, static_cast<std::int32_t>(id),
                              NGHTTP2_ENHANCE_YOUR_CALM);
    return endStream(id, StreamError::kProtocol);
  }
  if (!stream.headDone) {
    return completeResponse(stream, end);
  }
  Fields trailers = reader_.trailers();
  if (trailers.empty()) {
    return events_.data(id, {}, true);
  }
  events_.trailers(id, std::move(trailers));
}

void Http2ClientSession::completeResponse(Stream& stream, bool end) {
  ResponseHead head = reader_.response();
  if (head.status < 200) {
    return clientEvents_.interim(stream.id, std::move(head));
  }
  stream.headDone = true;
  if (!stream.upgrade.empty() && head.status < 300) {
    head.status = 101;
    head.upgrade = stream.upgrade;
    head.contentLength.reset();
  }
  clientEvents_.response(stream.id, std::move(head), end);
}

void Http2ClientSession::received(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_SETTINGS && (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    greeted_ = true;
  } else if (frame.hd.type == NGHTTP2_GOAWAY) {
    leaving_ = true;
    // Those that have not been sent yet nghttp2 does not know.
    for (const StreamId id : streams_.above(static_cast<StreamId>(frame.goaway.last_stream_id))) {
      endStream(id, StreamError::kRefused);
    }
  }
}

void Http2ClientSession::sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR) {
    terminate(frame.goaway.error_code, "http2.protocol_error");
  }
}

void Http2ClientSession::tellEnd(StreamId id, bool, StreamError error) {
  events_.reset(id, error);
}

/// The handler learns it from its streams, and from openable().
void Http2ClientSession::tellBroken(std::string_view) {}

void Http2ClientSession::settled() {
  const std::size_t nowLimit = limit();
  const std::size_t nowOpens = opens();
  const bool again = nowOpens > 0 && (toldOpens_ == 0 || nowLimit > toldLimit_);
  const bool never = leaving() && !toldLeaving_;
  toldLimit_ = nowLimit;
  toldOpens_ = nowOpens;
  toldLeaving_ = leaving();
  if (again || never) {
    clientEvents_.openable();
  }
}

}  // namespace hitless::proxy
