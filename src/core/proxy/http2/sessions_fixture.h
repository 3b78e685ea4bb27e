#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/proxy/http2/client_session.h"
#include "core/proxy/http2/server_session.h"

/// Handlers that write down what they are told, and two sessions on one wire.
namespace hitless::proxy::http2 {

/// What one stream has brought.
struct Heard {
  RequestHead request;
  ResponseHead response;
  std::vector<ResponseHead> interim;
  std::string body;
  Fields trailers;
  bool begun = false;
  bool end = false;
  std::vector<StreamError> resets;
  int drained = 0;
};

template <typename Side>
class Recorder : public Side {
 public:
  void data(StreamId stream, std::string_view bytes, bool end) override {
    log += "data ";
    streams[stream].body += bytes;
    streams[stream].end = end;
    if (onData) {
      onData(stream, bytes.size());
    }
  }
  void trailers(StreamId stream, Fields fields) override {
    log += "trailers ";
    streams[stream].trailers = std::move(fields);
    streams[stream].end = true;
  }
  void reset(StreamId stream, StreamError error) override {
    log += "reset ";
    streams[stream].resets.push_back(error);
  }
  void drained(StreamId stream) override { ++streams[stream].drained; }

  std::map<StreamId, Heard> streams;
  std::string log;
  std::function<void(StreamId, std::size_t)> onData;
};

class RecordingServer : public Recorder<ServerEvents> {
 public:
  void request(StreamId stream, RequestHead head, bool end) override {
    log += "request ";
    streams[stream].request = std::move(head);
    streams[stream].begun = true;
    streams[stream].end = end;
    if (onRequest) {
      onRequest(stream);
    }
  }
  void refused(int status, std::string_view details) override {
    refusals.emplace_back(status, details);
  }
  std::vector<std::pair<int, std::string>> refusals;
  std::function<void(StreamId)> onRequest;
};

class RecordingClient : public Recorder<ClientEvents> {
 public:
  void interim(StreamId stream, ResponseHead head) override {
    streams[stream].interim.push_back(std::move(head));
  }
  void response(StreamId stream, ResponseHead head, bool end) override {
    log += "response ";
    streams[stream].response = std::move(head);
    streams[stream].begun = true;
    streams[stream].end = end;
  }
  void openable() override { ++openables; }
  int openables = 0;
};

/// What a session has to say, at most `limit` bytes.
inline std::string take(Session& session, std::size_t limit = std::string::npos) {
  std::string all;
  for (;;) {
    const std::string_view piece = session.output();
    const std::size_t count = std::min(piece.size(), limit - all.size());
    all.append(piece.substr(0, count));
    session.wrote(count);
    if (count == 0) {
      return all;
    }
  }
}

/// Carries bytes until neither has more to say.
inline void pump(Session& one, Session& other) {
  for (bool more = true; more;) {
    const std::string forth = take(one);
    other.receive(forth);
    const std::string back = take(other);
    one.receive(back);
    more = !forth.empty() || !back.empty();
  }
}

inline RequestHead get(std::string path = "/") {
  RequestHead head;
  head.method = "GET";
  head.scheme = "http";
  head.authority = "web:8080";
  head.path = std::move(path);
  return head;
}

inline ResponseHead status(int code, Fields fields = {}) {
  ResponseHead head;
  head.status = code;
  head.fields = std::move(fields);
  return head;
}

/// Our client towards our server.
struct Pair {
  explicit Pair(const Http2Options& serverOptions = {}, const Http2Options& clientOptions = {})
      : server(serverEvents, serverOptions), client(clientEvents, clientOptions) {
    pump();
  }
  void pump() { http2::pump(client, server); }
  StreamId ask(const RequestHead& head = get(), bool end = true) {
    const StreamId id = client.open(head, end);
    pump();
    return id;
  }
  Heard& asked(StreamId id) { return serverEvents.streams[id]; }
  Heard& answered(StreamId id) { return clientEvents.streams[id]; }

  RecordingServer serverEvents;
  RecordingClient clientEvents;
  Http2ServerSession server;
  Http2ClientSession client;
};

}  // namespace hitless::proxy::http2
