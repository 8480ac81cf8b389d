// Command floor makes one call with net/http and encoding/json alone.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

type refund struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

func main() {
	made, err := create(context.Background(), url.Values{"charge": {os.Args[1]}, "amount": {"500"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(made.ID, made.Status)
}

func create(ctx context.Context, form url.Values) (*refund, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.stripe.com/v1/refunds", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("STRIPE_API_KEY"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Idempotency-Key", rand.Text())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	made := new(refund)
	return made, json.Unmarshal(body, made)
}
