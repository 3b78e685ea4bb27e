#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hitless::proxy::http2 {

/// Bytes of a body that wait to be framed.
class SendQueue {
 public:
  void push(std::string_view bytes) {
    if (taken_ > 0 && taken_ >= bytes_.size() - taken_) {
      bytes_.erase(0, taken_);  // Moves no more than has been taken since the last time.
      taken_ = 0;
    }
    bytes_.append(bytes);
  }
  std::size_t size() const { return bytes_.size() - taken_; }
  bool empty() const { return size() == 0; }
  /// Moves the first `count` bytes to `to`.
  void pop(char* to, std::size_t count) {
    bytes_.copy(to, count, taken_);
    taken_ += count;
    if (taken_ == bytes_.size()) {
      bytes_.clear();
      taken_ = 0;
    }
  }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

}  // namespace hitless::proxy::http2
