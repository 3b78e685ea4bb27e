#pragma once

#include <string>
#include <vector>

#include "core/proxy/session.h"

/// What sessions say, written down, for the tests of this folder.
namespace hitless::proxy::http1 {

struct ServerNotes : ServerEvents {
  void request(StreamId stream, RequestHead head, bool end) override {
    notes.push_back("request " + head.method + " " + head.authority + head.path +
                    (end ? " end" : ""));
    last = stream;
    heads.push_back(std::move(head));
  }
  void data(StreamId, std::string_view bytes, bool end) override {
    body.append(bytes);
    if (end) {
      notes.push_back("end of " + std::to_string(body.size()));
    }
  }
  void trailers(StreamId, Fields trailers) override {
    notes.push_back("trailers " + std::to_string(trailers.size()));
  }
  void reset(StreamId, StreamError) override { notes.push_back("reset"); }
  void drained(StreamId) override { notes.push_back("drained"); }
  void refused(int status, std::string_view details) override {
    notes.push_back("refused " + std::to_string(status) + " " + std::string(details));
  }

  std::vector<std::string> notes;
  std::vector<RequestHead> heads;
  std::string body;
  StreamId last = 0;
};

struct ClientNotes : ClientEvents {
  void interim(StreamId, ResponseHead head) override {
    notes.push_back("interim " + std::to_string(head.status));
  }
  void response(StreamId, ResponseHead head, bool end) override {
    notes.push_back("response " + std::to_string(head.status) + (end ? " end" : ""));
    heads.push_back(std::move(head));
  }
  void data(StreamId, std::string_view bytes, bool end) override {
    body.append(bytes);
    if (end) {
      notes.push_back("end of " + std::to_string(body.size()));
    }
  }
  void trailers(StreamId, Fields trailers) override {
    notes.push_back("trailers " + std::to_string(trailers.size()));
  }
  void reset(StreamId, StreamError error) override {
    notes.push_back(error == StreamError::kProtocol ? "broken" : "reset");
  }
  void drained(StreamId) override { notes.push_back("drained"); }
  void openable() override { ++opened; }

  std::vector<std::string> notes;
  std::vector<ResponseHead> heads;
  std::string body;
  int opened = 0;
};

/// Takes all that a session has to write.
inline std::string written(Session& session) {
  std::string out;
  for (std::string_view piece = session.output(); !piece.empty(); piece = session.output()) {
    out.append(piece);
    session.wrote(piece.size());
  }
  return out;
}

}  // namespace hitless::proxy::http1
