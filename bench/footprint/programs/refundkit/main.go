// Command refundkit makes one call with refundkit.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/refundkit/refundkit"
)

func main() {
	client, err := refundkit.New(os.Getenv("STRIPE_API_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: os.Args[1], Amount: 500})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(refund.ID, refund.Status)
}
