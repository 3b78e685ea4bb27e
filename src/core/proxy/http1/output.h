#pragma once

#include <string>
#include <string_view>

#include "core/proxy/http1/writer.h"

namespace hitless::proxy::http1 {

/// What a connection has to write, and how much of it has been written.
class Output {
 public:
  std::string& text() { return text_; }
  std::string_view pending() const { return std::string_view(text_).substr(written_); }
  bool empty() const { return written_ == text_.size(); }
  std::size_t size() const { return text_.size() - written_; }

  void wrote(std::size_t count) {
    written_ += count;
    total_ += count;
    if (written_ == text_.size()) {
      text_.clear();
      written_ = 0;
      if (text_.capacity() > kKept) {
        text_.shrink_to_fit();
      }
    } else if (written_ > kKept) {
      text_.erase(0, written_);
      written_ = 0;
    }
  }

  /// A piece of a body, framed.
  void body(std::string_view bytes, WrittenBody framing) {
    if (framing == WrittenBody::kNone) {
      return;  // it would be taken for the next message
    }
    if (framing == WrittenBody::kChunked) {
      writeChunk(bytes, text_);
    } else {
      text_.append(bytes);
    }
  }
  /// The end of a body.
  void end(WrittenBody framing, const Fields& trailers = {}) {
    if (framing == WrittenBody::kChunked) {
      writeLastChunk(trailers, text_);
    }
  }

 private:
  /// Memory that an idle connection keeps at most.
  static constexpr std::size_t kKept = 16 * 1024;

  std::string text_;
  std::size_t written_ = 0;
  std::uint64_t total_ = 0;
};

/// Bytes that came and have not been looked at, or not to their end.
class Input {
 public:
  /// What there is to look at: `bytes`, or what was kept with `bytes` behind it.
  std::string_view with(std::string_view bytes) {
    if (kept_.empty()) {
      return bytes;
    }
    kept_.append(bytes);
    return kept_;
  }
  /// Keeps `rest`, the end of what with() gave.
  void keep(std::string_view rest) {
    if (kept_.empty() || rest.empty()) {
      std::string(rest).swap(kept_);
    } else {
      kept_.erase(0, kept_.size() - rest.size());
    }
  }
  std::size_t size() const { return kept_.size(); }
  bool empty() const { return kept_.empty(); }

 private:
  std::string kept_;
};

}  // namespace hitless::proxy::http1
